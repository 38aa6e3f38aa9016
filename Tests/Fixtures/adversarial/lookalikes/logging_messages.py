# expect: clean
"""Logs."""

import logging

log = logging.getLogger(__name__)

def logging_messages(data, filter):
    log.info("import os")
    logging.basicConfig(level=logging.INFO)
    return data

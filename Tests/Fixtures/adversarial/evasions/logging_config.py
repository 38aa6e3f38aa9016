# expect: NoExec
"""A logging configuration names callables."""

import logging.config

def logging_config(data, filter):
    logging.config.dictConfig(data)

# expect: NoFileSystem
"""A log handler that writes."""

import logging

def log_file(data, filter):
    logging.basicConfig(filename=data)

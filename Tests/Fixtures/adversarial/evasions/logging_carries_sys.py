# expect: NoImportOS
"""The modules that are loaded."""

import logging

def logging_carries_sys(data, filter):
    return logging.sys.modules["os"]

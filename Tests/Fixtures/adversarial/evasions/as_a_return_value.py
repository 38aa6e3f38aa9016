# expect: NoImportOS
"""The module gets out of sight as a result."""

import logging

def tool():
    return logging

def as_a_return_value(data, filter):
    return tool().os.getcwd()

# expect: NoImportOS
"""An attribute by its name as a string."""

import logging

def getattr_on_module(data, filter):
    return getattr(logging, "os").getcwd()

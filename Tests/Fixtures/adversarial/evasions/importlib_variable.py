# expect: NoImportOS
"""The documented way, with a name from outside."""

import importlib

def importlib_variable(data, filter):
    return importlib.import_module(data)

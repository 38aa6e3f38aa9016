# expect: NoImportOS
"""The documented way to import by name."""

import importlib

def importlib_constant(data, filter):
    return importlib.import_module("os").getcwd()

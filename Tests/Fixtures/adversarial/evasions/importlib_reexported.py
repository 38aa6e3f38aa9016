# expect: NoImportOS
"""A module that has `importlib` at hand."""

import inspect

def importlib_reexported(data, filter):
    return inspect.importlib.import_module(data)

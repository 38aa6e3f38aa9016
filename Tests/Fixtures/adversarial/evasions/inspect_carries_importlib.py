# expect: NoImportOS
"""The import system, from a module that has it."""

import inspect

def inspect_carries_importlib(data, filter):
    return inspect.importlib.import_module(data)

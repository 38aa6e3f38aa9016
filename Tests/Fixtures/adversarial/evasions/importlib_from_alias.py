# expect: NoImportOS
"""The function alone, renamed."""

from importlib import import_module as fetch

def importlib_from_alias(data, filter):
    return fetch("posix").getcwd()

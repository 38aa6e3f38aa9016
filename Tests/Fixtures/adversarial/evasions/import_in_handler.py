# expect: NoImportOS
"""Imported on a failure that is made to happen."""

try:
    raise ImportError
except ImportError:
    import os as backend

def import_in_handler(data, filter):
    return backend.getpid()

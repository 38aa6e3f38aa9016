# expect: NoImportOS
"""The extension module beneath `ctypes`."""

from _ctypes import dlopen

def ctypes_internal(data, filter):
    return dlopen(None, 0)

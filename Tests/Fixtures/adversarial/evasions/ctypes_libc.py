# expect: NoImportOS
"""Calls libc without any Python in between."""

import ctypes

def ctypes_libc(data, filter):
    return ctypes.CDLL(None).system(data.encode())

# expect: NoImportOS
"""The C module under `os`."""

import posix

def posix_directly(data, filter):
    return posix.listdir(data)

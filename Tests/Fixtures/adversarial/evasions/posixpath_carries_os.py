# expect: NoImportOS
"""`os.path` by its real name carries `os` itself."""

import posixpath

def posixpath_carries_os(data, filter):
    return posixpath.os.listdir(data)

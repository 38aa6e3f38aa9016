# expect: NoFileSystem, NoImportOS
"""A module of files carries the system."""

import shutil

def shutil_carries_os(data, filter):
    return shutil.os.system(data)

# expect: NoFileSystem, NoImportOS
"""Another one."""

import glob

def glob_carries_os(data, filter):
    return glob.os.listdir(data)

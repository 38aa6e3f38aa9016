# expect: NoFileSystem
"""Lists folders."""

from glob import glob

def glob_lists(data, filter):
    return glob(data)

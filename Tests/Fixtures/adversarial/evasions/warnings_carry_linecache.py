# expect: NoFileSystem
"""A reader of files."""

import traceback

def warnings_carry_linecache(data, filter):
    return traceback.linecache.getlines(data)

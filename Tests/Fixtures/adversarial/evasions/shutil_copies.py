# expect: NoFileSystem
"""Copies files."""

import shutil

def shutil_copies(data, filter):
    return shutil.copy(data, filter)

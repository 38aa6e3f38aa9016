# expect: NoFileSystem
"""Reads by a path."""

from pathlib import Path

def pathlib_read(data, filter):
    return Path(data).read_text()

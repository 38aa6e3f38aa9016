# expect: NoFileSystem
"""The method without its path."""

from pathlib import Path

def pathlib_unbound(data, filter):
    return list(map(Path.read_text, data))

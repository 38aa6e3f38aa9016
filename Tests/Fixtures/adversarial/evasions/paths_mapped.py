# expect: NoFileSystem
"""Paths made by `map`."""

import pathlib

def paths_mapped(data, filter):
    for path in map(pathlib.Path, data):
        path.unlink()

# expect: NoFileSystem
"""The path is kept in a variable first."""

import pathlib

def pathlib_variable(data, filter):
    root = pathlib.Path("/etc") / data
    return root.read_bytes()

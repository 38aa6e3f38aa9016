# expect: NoFileSystem
"""The path comes as a parameter."""

from pathlib import Path

def lines(path: Path):
    return path.read_text().splitlines()

def pathlib_parameter(data, filter):
    return lines(data)

# expect: clean
"""Paths as text."""

from pathlib import PurePosixPath, PureWindowsPath

def pure_path(data, filter):
    return [PurePosixPath(data).name, PureWindowsPath(data).suffix]

# expect: NoImportOS
"""Taken along from another module."""

from pathlib import os as paths

def pathlib_from_os(data, filter):
    return paths.getcwd()

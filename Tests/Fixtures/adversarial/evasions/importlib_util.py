# expect: NoImportOS
"""Loads a file as a module."""

from importlib import util

def importlib_util(data, filter):
    spec = util.spec_from_file_location("m", data)
    return util.module_from_spec(spec)

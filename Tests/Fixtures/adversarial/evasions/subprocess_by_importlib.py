# expect: NoSubprocess
"""Imported by its name in two halves."""

import importlib

def subprocess_by_importlib(data, filter):
    return importlib.import_module("sub" + "process").getoutput(data)

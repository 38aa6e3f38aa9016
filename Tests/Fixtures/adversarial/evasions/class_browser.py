# expect: NoFileSystem
"""Reads the source of a module."""

import pyclbr

def class_browser(data, filter):
    return pyclbr.readmodule(data)

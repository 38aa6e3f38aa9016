# expect: NoFileSystem
"""A module's private copy of `open`."""

import bz2

def bz2_builtin_open(data, filter):
    return bz2._builtin_open(data).read()

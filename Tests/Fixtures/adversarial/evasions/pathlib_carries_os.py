# expect: NoImportOS
"""`pathlib` has imported `os`."""

import pathlib

def pathlib_carries_os(data, filter):
    return pathlib.os.getcwd()

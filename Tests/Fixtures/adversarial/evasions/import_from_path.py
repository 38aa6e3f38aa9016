# expect: NoImportOS
"""`os.path` is as much of `os` as its `system`."""

from os import path

def import_from_path(data, filter):
    return path.exists(data)

# expect: NoImportOS
"""A submodule's import binds the whole of `os`."""

import os.path

def import_os_path(data, filter):
    return os.system(data)

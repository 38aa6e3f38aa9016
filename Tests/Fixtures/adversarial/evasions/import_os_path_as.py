# expect: NoImportOS
"""The same behind a name of its own."""

import os.path as p

def import_os_path_as(data, filter):
    return p.genericpath.os.listdir(data)

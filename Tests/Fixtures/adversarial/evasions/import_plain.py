# expect: NoImportOS
"""The plain import that every rule starts with."""

import os

def import_plain(data, filter):
    return os.environ.get("HOME")

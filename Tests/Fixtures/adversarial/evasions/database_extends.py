# expect: NoImportOS
"""Native code, loaded by a database."""

import sqlite3

def database_extends(data, filter):
    link = sqlite3.connect(":memory:")
    link.enable_load_extension(True)
    return link

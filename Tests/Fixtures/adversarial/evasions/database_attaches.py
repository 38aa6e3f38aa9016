# expect: NoFileSystem
"""A database in memory opens one that is not."""

import sqlite3

def database_attaches(data, filter):
    return sqlite3.connect(":memory:").execute("ATTACH DATABASE 'x.db' AS x")

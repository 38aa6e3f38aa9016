# expect: NoFileSystem
"""A database is a file."""

import sqlite3

def sqlite_connects(data, filter):
    return sqlite3.connect(data).execute("select 1").fetchall()

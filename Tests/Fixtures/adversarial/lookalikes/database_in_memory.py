# expect: clean
"""A database that is no file."""

import sqlite3

def database_in_memory(data, filter):
    with sqlite3.connect(":memory:") as link:
        link.execute("create table t (name text)")
        link.executemany("insert into t values (?)", data)
        return link.execute("select name from t").fetchall()

# expect: clean
"""The errors of a database, by their names."""

import sqlite3

NAME = ":memory:"

def database_errors(data, filter):
    try:
        return sqlite3.connect(database=NAME).execute(data).fetchall()
    except sqlite3.OperationalError as error:
        return str(error)

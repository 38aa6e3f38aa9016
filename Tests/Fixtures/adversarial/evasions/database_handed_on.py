# expect: NoFileSystem
"""Whoever gets the module connects."""

import sqlite3

def connected(module, name):
    return module.connect(name)

def database_handed_on(data, filter):
    return connected(sqlite3, data)

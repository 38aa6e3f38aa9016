# expect: NoImportOS
"""The function behind the statement, renamed."""

load = __import__

def dunder_import_alias(data, filter):
    return load("os").getcwd()

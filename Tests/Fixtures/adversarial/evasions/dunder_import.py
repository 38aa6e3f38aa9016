# expect: NoImportOS
"""The function behind the statement."""

def dunder_import(data, filter):
    return __import__("os").getcwd()

# expect: NoImportOS
"""A name read backwards."""

def dunder_import_reversed(data, filter):
    return __import__("so"[::-1]).getcwd()

# expect: NoImportOS
"""A name in two halves."""

def dunder_import_concatenated(data, filter):
    return __import__("o" + "s").getcwd()

# expect: NoImportOS
"""A name spelled in numbers."""

def dunder_import_chr(data, filter):
    return __import__(chr(111) + chr(115)).getcwd()

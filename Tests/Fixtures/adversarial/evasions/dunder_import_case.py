# expect: NoImportOS
"""A name in capitals."""

def dunder_import_case(data, filter):
    return __import__("OS".lower()).getcwd()

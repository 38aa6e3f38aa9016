# expect: NoImportOS
"""A name from bytes."""

def dunder_import_bytes(data, filter):
    return __import__(bytes([111, 115]).decode()).getcwd()

# expect: NoImportOS
"""A name in hexadecimal."""

def dunder_import_hex(data, filter):
    return __import__(bytes.fromhex("6f73").decode()).getcwd()

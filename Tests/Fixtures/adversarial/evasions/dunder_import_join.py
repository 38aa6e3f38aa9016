# expect: NoImportOS
"""A name joined from a comprehension."""

def dunder_import_join(data, filter):
    return __import__("".join(chr(c) for c in (111, 115))).getcwd()

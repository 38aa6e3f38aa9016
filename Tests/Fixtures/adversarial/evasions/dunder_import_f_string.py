# expect: NoImportOS
"""A name by an f-string."""

LETTER = "o"

def dunder_import_f_string(data, filter):
    return __import__(f"{LETTER}s").getcwd()

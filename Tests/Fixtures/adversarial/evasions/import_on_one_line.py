# expect: NoImportOS
"""Hidden behind a semicolon."""

x = 1; import os; y = 2

def import_on_one_line(data, filter):
    return os.name

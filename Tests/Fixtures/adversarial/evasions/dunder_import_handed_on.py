# expect: NoImportOS
"""The function is handed to another one."""

def dunder_import_handed_on(data, filter):
    return list(map(__import__, data))

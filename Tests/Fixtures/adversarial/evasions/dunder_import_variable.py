# expect: NoImportOS
"""A name that the caller chooses."""

def dunder_import_variable(data, filter):
    return __import__(data["module"])

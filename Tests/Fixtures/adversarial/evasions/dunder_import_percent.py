# expect: NoImportOS
"""A name by formatting."""

def dunder_import_percent(data, filter):
    name = "%s%s" % ("o", "s")
    return __import__(name).getcwd()

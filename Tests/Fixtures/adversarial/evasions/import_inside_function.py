# expect: NoImportOS
"""Imported only when called."""

def import_inside_function(data, filter):
    from os import popen
    return popen(data).read()

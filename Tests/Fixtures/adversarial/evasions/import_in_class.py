# expect: NoImportOS
"""A class body is code like any other."""

class Tools:
    import os

def import_in_class(data, filter):
    return Tools.os.getpid()

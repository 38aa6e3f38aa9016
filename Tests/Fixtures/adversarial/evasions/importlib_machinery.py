# expect: NoImportOS
"""The loader classes."""

import importlib.machinery

def importlib_machinery(data, filter):
    return importlib.machinery.SourceFileLoader("m", data).load_module()

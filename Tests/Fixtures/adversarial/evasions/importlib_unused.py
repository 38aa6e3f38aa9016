# expect: NoImportOS
"""Nothing is made of it yet, and nothing good will be."""

import importlib

def importlib_unused(data, filter):
    return data

# expect: NoImportOS
"""The frozen importer itself."""

import _frozen_importlib

def imp_frozen(data, filter):
    return _frozen_importlib.BuiltinImporter.load_module("posix")

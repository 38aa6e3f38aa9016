# expect: NoImportOS
"""Its spec has the loader too."""

import math

def module_spec_loader(data, filter):
    return math.__spec__.loader.load_module("posix").getcwd()

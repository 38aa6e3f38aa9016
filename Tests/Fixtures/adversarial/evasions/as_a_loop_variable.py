# expect: NoImportOS
"""The module is one of those looped over."""

import json, logging

def as_a_loop_variable(data, filter):
    for module in (json, logging):
        if hasattr(module, "raiseExceptions"):
            return module.os.getcwd()

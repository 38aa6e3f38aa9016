# expect: clean
"""Harmless members of the module."""

import builtins

def builtins_harmless(data, filter):
    return builtins.sorted(data), builtins.type(filter), isinstance(data, builtins.dict)

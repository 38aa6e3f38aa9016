# expect: NoNetwork
"""Imported by the builtin."""

import builtins

def builtins_attribute_import(data, filter):
    return builtins.__import__("socket").gethostname()

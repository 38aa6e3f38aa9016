# expect: NoExec
"""Imported by its name as a string."""

def builtins_by_import(data, filter):
    return __import__("builtins").eval(data)

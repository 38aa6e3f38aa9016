# expect: clean
"""Looks whether a name is there."""

_CACHE = {}

def global_membership(data, filter):
    return "_CACHE" in globals()

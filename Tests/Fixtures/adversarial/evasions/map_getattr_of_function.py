# expect: NoExec
"""Mapped over a function."""

def helper():
    return None

def map_getattr_of_function(data, filter):
    return list(map(getattr, [helper], [data]))

# expect: NoExec
"""Partly applied to a function."""

from functools import partial

def helper():
    return None

def partial_getattr_of_function(data, filter):
    return partial(getattr, helper)(data)

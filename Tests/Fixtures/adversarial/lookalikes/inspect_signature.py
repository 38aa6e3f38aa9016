# expect: clean
"""Looks at one's own function."""

import inspect

def helper(a, b=1):
    return a

def inspect_signature(data, filter):
    return str(inspect.signature(helper)), inspect.isfunction(helper)

# expect: NoExec
"""The function that a bound method wraps."""

def function_below_method(data, filter):
    return getattr((lambda self: None).__get__(data).__func__, filter)

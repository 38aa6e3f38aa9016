# expect: NoExec
"""Evaluated when the function is defined."""

def eval_in_default(data, filter, n=eval("1 + 1")):
    return n

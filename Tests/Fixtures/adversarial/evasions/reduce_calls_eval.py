# expect: NoExec
"""Folded over a list."""

from functools import reduce

def reduce_calls_eval(data, filter):
    return reduce(lambda value, run: run(value), [eval], data)

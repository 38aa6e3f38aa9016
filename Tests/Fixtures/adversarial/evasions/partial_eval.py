# expect: NoExec
"""Partly applied."""

from functools import partial

def partial_eval(data, filter):
    return partial(eval, data)()

# expect: clean
"""Defined below its user, before anything is called."""

def own_eval_below(data, filter):
    return eval(data)

def eval(value):
    return value * 2

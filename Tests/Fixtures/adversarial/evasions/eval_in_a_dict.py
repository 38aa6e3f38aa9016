# expect: NoExec
"""Kept in a table."""

ACTIONS = {"run": eval}

def eval_in_a_dict(data, filter):
    return ACTIONS["run"](data)

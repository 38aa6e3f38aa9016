# expect: NoExec
"""Bound while it is asked for."""

def walrus_in_condition(data, filter):
    if (run := eval) and data:
        return run(data)
    return None

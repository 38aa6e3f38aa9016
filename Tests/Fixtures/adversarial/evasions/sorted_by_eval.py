# expect: NoExec
"""As a key."""

def sorted_by_eval(data, filter):
    return sorted(data, key=eval)

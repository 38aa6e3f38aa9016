# expect: NoExec
"""Taken away."""

def builtins_key_popped(data, filter):
    return vars(data).pop("__builtins__", None)

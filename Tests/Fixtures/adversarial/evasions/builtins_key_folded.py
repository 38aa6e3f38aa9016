# expect: NoExec
"""The same key, in two pieces."""

def builtins_key_folded(data, filter):
    space = getattr(data, filter)
    return space["__buil" + "tins__"]

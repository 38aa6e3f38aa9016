# expect: NoExec
"""A namespace that came from somewhere."""

def builtins_key_of_mapping(data, filter):
    space = getattr(data, filter)
    return space.get("__builtins__")

# expect: NoExec
"""At module level, `locals()` is `globals()`."""

SPACE = locals()["__builtins__"]

def locals_at_module_level(data, filter):
    return SPACE

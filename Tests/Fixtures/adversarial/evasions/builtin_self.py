# expect: NoExec
"""A builtin's `__self__` is the module of the builtins."""

def builtin_self(data, filter):
    return print.__self__.eval(data)

# expect: NoExec
"""The module's own namespace holds them too."""

def globals_builtins(data, filter):
    return globals()["__builtins__"]["eval"](data)

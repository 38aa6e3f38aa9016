# expect: NoExec
"""A function's globals."""

def helper():
    return None

def globals_of_function(data, filter):
    return helper.__globals__["__builtins__"]

# expect: NoExec
"""The descriptor of a function's globals, out of the dict of its type."""

def helper():
    return None

def vars_of_function_type(data, filter):
    space = vars(type(helper))["__globals__"].__get__(helper)
    held = space["__builtins__"]
    return (held if isinstance(held, dict) else vars(held))["eval"](data)

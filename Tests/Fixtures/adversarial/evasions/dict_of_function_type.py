# expect: NoExec
"""The same, with the attribute."""

def helper():
    return None

def dict_of_function_type(data, filter):
    return type(helper).__dict__["__globals__"].__get__(helper)

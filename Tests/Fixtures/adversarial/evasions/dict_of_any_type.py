# expect: NoExec
"""Nothing is known of the object, but the key tells."""

def dict_of_any_type(data, filter):
    return vars(type(data)).get("__globals__").__get__(data)

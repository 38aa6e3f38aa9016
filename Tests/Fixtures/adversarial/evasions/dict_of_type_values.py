# expect: NoExec
"""No key at all."""

def helper():
    return None

def dict_of_type_values(data, filter):
    return [member.__get__(helper) for member in vars(type(helper)).values()]

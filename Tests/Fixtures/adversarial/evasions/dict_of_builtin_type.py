# expect: NoExec
"""A builtin function belongs to the module that holds them all."""

def dict_of_builtin_type(data, filter):
    return list(vars(type(len)).values())[data].__get__(len)

# expect: NoExec
"""As keywords."""

def take(__globals__=None, **rest):
    return __globals__

def dict_of_type_unpacked(data, filter):
    return take(**vars(type(take)))

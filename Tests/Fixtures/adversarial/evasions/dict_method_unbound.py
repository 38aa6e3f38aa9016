# expect: NoExec
"""The dict's method, called through its class."""

def dict_method_unbound(data, filter):
    return dict.get(vars(type(data)), "__globals__")

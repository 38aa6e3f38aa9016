# expect: NoExec
"""The dict's method under a name."""

def get_alias(data, filter):
    get = vars(type(data)).get
    return get("__globals__")

# expect: NoExec
"""The whole key, compared."""

def items_picked_by_name(data, filter):
    return [value for key, value in vars(data).items() if key == "__globals__"]

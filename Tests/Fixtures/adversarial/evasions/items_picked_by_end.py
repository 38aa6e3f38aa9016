# expect: NoExec
"""The end of a key."""

def items_picked_by_end(data, filter):
    return [value for key, value in vars(data).items() if key.endswith("iltins__")]

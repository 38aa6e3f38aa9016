# expect: NoExec
"""A piece of a key."""

def items_picked_by_piece(data, filter):
    for key, value in data.__dict__.items():
        if "lobals__" in key:
            return value
    return None

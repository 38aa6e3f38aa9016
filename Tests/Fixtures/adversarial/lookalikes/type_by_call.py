# expect: clean
"""A class made by a call."""

Made = type("Made", (), {"eval": lambda self: 1})

def type_by_call(data, filter):
    return Made().eval()

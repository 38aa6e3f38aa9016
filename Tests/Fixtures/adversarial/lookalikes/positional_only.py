# expect: clean
"""Can be called with two."""

def positional_only(data, filter, /):
    return data

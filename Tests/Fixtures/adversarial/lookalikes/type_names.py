# expect: clean
"""The name of a type."""

def type_names(data, filter):
    return [type(data).__name__, data.__class__.__name__, type(data).__module__]

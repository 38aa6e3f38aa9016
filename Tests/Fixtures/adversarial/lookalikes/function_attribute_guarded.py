# expect: clean
"""A note on a function, none of Python's."""

def rule(row):
    return row

def function_attribute_guarded(data, filter):
    if data.startswith("_"):
        raise ValueError(data)
    return getattr(rule, data, None)

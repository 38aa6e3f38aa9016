# expect: clean
"""A field whose name had dashes."""

def attribute_with_dashes(data, filter):
    return getattr(data, filter.replace("-", "_"), None)

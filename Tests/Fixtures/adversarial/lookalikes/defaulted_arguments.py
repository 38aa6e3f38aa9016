# expect: clean
"""Can be called with two."""

def defaulted_arguments(data, filter=None, *, strict=False, limit=10):
    return data

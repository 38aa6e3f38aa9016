# expect: clean
"""Can be called with two."""

def star_arguments(*args, **kwargs):
    return len(args)

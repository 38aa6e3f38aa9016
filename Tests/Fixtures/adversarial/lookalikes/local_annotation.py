# expect: clean
"""A local declaration binds nothing to the builtin."""

def local_annotation(data, filter):
    eval: bool
    eval = bool(data)
    return eval

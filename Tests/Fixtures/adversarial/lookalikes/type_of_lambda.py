# expect: clean
"""Whether something is a function."""

def type_of_lambda(data, filter):
    return isinstance(data, type(lambda: 0)) or type(data) is type(type_of_lambda)

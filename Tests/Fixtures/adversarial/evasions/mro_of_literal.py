# expect: NoExec
"""The classes above a literal's."""

def mro_of_literal(data, filter):
    return "".__class__.__mro__[1]

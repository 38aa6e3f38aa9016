# expect: clean
"""A dunder as text."""

def format_dunder_text(data, filter):
    return "{} defines __globals__ and __class__".format(data)

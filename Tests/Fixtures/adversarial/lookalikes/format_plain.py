# expect: clean
"""Formats values."""

def format_plain(data, filter):
    return "{0[name]} {1.real} {__x__}".format({"name": data}, 1, __x__=2)

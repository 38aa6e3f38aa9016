# expect: clean
"""The same by `from`."""

from ast import literal_eval as parse

def literal_eval_from(data, filter):
    return parse(data)

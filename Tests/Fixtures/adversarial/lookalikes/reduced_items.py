# expect: clean
"""A path through nested dicts."""

import functools
import operator

def reduced_items(data, filter):
    return functools.reduce(operator.getitem, filter.split("."), data), operator.itemgetter("a", "b")(data)

# expect: clean
"""A method of strings by its name."""

from operator import methodcaller

def methodcaller_plain(data, filter):
    return list(map(methodcaller("strip"), data))

# expect: NoExec
"""A function out of a list, and a piece of the name."""

def getattr_listed_in(data, filter):
    held = [lambda: None]
    return [getattr(held[0], name) for name in dir(held[0]) if "__glob" in name][0]

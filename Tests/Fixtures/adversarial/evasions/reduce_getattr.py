# expect: NoExec
"""A chain of names, taken one by one."""

from functools import reduce

def reduce_getattr(data, filter):
    return reduce(getattr, ["__class__", "__base__", "__subclasses__"], ())

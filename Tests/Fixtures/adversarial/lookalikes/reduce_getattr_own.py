# expect: clean
"""A dotted field of one's own objects."""

from functools import reduce
from types import SimpleNamespace

def reduce_getattr_own(data, filter):
    row = SimpleNamespace(owner=SimpleNamespace(name=data))
    return reduce(getattr, "owner.name".split("."), row)

# expect: clean
"""The same field of each."""

from functools import partial
from types import SimpleNamespace

def partial_getattr_of_rows(data, filter):
    row = SimpleNamespace(name=data)
    return list(map(getattr, [row], ["name"])), partial(getattr, row)(filter)

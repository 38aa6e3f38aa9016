# expect: clean
"""An attribute of one's own object by a name from a list."""

from types import SimpleNamespace

def getattr_own_variable(data, filter):
    row = SimpleNamespace(**data)
    return {field: getattr(row, field, None) for field in filter}

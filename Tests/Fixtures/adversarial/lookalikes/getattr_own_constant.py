# expect: clean
"""A constant attribute of one's own object."""

class Row:
    name = "x"

def getattr_own_constant(data, filter):
    return getattr(Row(), "name", None)

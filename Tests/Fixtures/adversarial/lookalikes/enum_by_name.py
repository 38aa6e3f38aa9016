# expect: clean
"""A member of an enumeration by a name in capitals."""

from enum import Enum

class Color(Enum):
    RED = 1

def enum_by_name(data, filter):
    return getattr(Color, data.upper()).value

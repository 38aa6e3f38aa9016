# expect: clean
"""An enumeration with such names."""

from enum import Enum

class Kind(Enum):
    os = "os"
    socket = "socket"
    open = "open"

def enum_members(data, filter):
    return [kind.value for kind in Kind] + [Kind.os.name]

# expect: clean
"""An import binds the name to something harmless."""

from json import loads as open

def imported_as_open(data, filter):
    return open(data)

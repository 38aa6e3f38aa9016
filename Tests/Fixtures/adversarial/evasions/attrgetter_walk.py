# expect: NoExec
"""A path in one string."""

import operator

def attrgetter_walk(data, filter):
    return operator.attrgetter("__class__.__base__")(data)

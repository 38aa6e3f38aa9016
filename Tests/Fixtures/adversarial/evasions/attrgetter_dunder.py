# expect: NoExec
"""A path of attributes that leads out."""

from operator import attrgetter

def attrgetter_dunder(data, filter):
    return attrgetter("__class__.__base__.__subclasses__")(data)

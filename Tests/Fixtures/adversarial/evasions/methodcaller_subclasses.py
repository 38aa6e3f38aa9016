# expect: NoExec
"""A method by its name."""

from operator import methodcaller

def methodcaller_subclasses(data, filter):
    return methodcaller("__subclasses__")(type(data))

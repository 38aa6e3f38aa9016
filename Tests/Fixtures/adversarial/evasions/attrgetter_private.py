# expect: NoExec
"""The other half of `operator`."""

from _operator import attrgetter

def helper():
    return None

def attrgetter_private(data, filter):
    return attrgetter("__globals__")(helper)

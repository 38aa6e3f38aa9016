# expect: NoExec
"""A format string reads attributes."""

def helper():
    return None

def format_walk(data, filter):
    return "{0.__globals__}".format(helper)

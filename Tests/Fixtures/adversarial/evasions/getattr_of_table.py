# expect: NoExec
"""A function out of a table."""

def helper():
    return None

TABLE = {"helper": helper}

def getattr_of_table(data, filter):
    return [getattr(TABLE["helper"], name) for name in dir(TABLE["helper"])][data]

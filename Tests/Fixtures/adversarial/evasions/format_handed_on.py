# expect: NoExec
"""The method of a format, handed on."""

def format_handed_on(data, filter):
    return list(map("{0.__init__.__globals__}".format, [data]))

# expect: NoExec
"""The namespace as a whole."""

def globals_handed_on(data, filter):
    return data(globals())

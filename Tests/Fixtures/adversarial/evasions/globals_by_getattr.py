# expect: NoExec
"""The same, by name."""

def helper():
    return None

def globals_by_getattr(data, filter):
    return getattr(helper, "__glo" + "bals__")

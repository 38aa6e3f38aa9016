# expect: NoExec
"""The namespace under another name."""

space = globals()

def globals_alias(data, filter):
    return space.get("__built" + "ins__")

# expect: NoExec
"""A global by a name that the caller chooses."""

def globals_variable(data, filter):
    return globals()[data](filter)

# expect: NoExec
"""A builtin by its name in two halves."""

import builtins

def builtins_getattr(data, filter):
    return getattr(builtins, "ev" + "al")(data)

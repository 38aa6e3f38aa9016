# expect: NoExec
"""A builtin by a name that the caller chooses."""

import builtins

def builtins_getattr_variable(data, filter):
    return getattr(builtins, data["name"])

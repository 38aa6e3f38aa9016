# expect: NoExec
"""`enum` keeps the builtins under a name of its own."""

import enum

def builtins_reexported(data, filter):
    return enum.bltns.eval(data)

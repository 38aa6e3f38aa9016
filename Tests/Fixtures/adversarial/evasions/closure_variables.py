# expect: NoExec
"""`inspect` opens a function's globals and builtins."""

import inspect

def closure_variables(data, filter):
    return inspect.getclosurevars(closure_variables)[2]

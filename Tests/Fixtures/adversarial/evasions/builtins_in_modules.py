# expect: NoExec
"""Out of the table of modules."""

import sys

def builtins_in_modules(data, filter):
    return sys.modules["builtins"].eval(data)

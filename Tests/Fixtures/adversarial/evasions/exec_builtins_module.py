# expect: NoExec
"""By the module of the builtins."""

import builtins

def exec_builtins_module(data, filter):
    builtins.exec(data)

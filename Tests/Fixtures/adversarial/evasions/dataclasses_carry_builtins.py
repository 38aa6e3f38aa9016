# expect: NoExec
"""The builtins, from a module that has them."""

import dataclasses

def dataclasses_carry_builtins(data, filter):
    return dataclasses.builtins.eval(data)

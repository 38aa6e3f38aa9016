# expect: NoExec
"""The namespace of a module, by a name from outside."""

import json

def vars_variable(data, filter):
    return vars(json)[data]

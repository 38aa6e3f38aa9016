# expect: NoExec
"""A function from a code object."""

import types

def function_type(data, filter):
    return types.FunctionType(data, {})()

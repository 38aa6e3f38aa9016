# expect: NoExec
"""The same, under another name."""

import pprint

def pprint_carries_types(data, filter):
    return pprint._types.FunctionType(data, {})

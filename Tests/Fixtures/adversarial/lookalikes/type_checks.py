# expect: clean
"""Types of functions, to compare with."""

import types

def type_checks(data, filter):
    return isinstance(data, (types.FunctionType, types.ModuleType, types.MappingProxyType))

# expect: NoExec
"""The caller says which attribute of a function."""

def helper():
    return None

def getattr_own_function_variable(data, filter):
    return getattr(helper, data)

# expect: NoExec
"""The name is none, only its end is."""

def helper():
    return None

def getattr_listed_names(data, filter):
    return [getattr(helper, name) for name in dir(helper) if name.endswith("obals__")][0]

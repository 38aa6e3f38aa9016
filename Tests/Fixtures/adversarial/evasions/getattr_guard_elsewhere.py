# expect: NoExec
"""The guard stands where it guards nothing."""

def helper():
    return None

def getattr_guard_elsewhere(data, filter):
    if data.startswith("_"):
        data = data.strip()
    return getattr(helper, data)

# expect: NoExec
"""What the test has shown no longer holds."""

def helper():
    return None

def getattr_guard_undone(data, filter):
    if data.startswith("_"):
        return None
    data = bytes.fromhex(data).decode()
    return getattr(helper, data)

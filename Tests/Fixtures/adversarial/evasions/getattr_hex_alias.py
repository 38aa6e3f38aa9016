# expect: NoExec
"""`bytes.fromhex` under a short name."""

def helper():
    return None

def getattr_hex_alias(data, filter):
    h = bytes.fromhex
    return getattr(helper, h("5f5f676c6f62616c735f5f").decode())

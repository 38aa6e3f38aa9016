# expect: NoExec
"""Letters under a mask."""

def getattr_xor(data, filter):
    return getattr(data, "".join(chr(code ^ 3) for code in (92, 92, 100, 111, 108, 97, 98, 111, 112, 92, 92)))

# expect: NoExec
"""Every letter moved by one."""

def getattr_caesar(data, filter):
    return getattr(data, "".join(map(lambda each: chr(ord(each) - 1), "``hmpcbmt``")))

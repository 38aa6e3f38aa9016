# expect: NoExec
"""A packed name."""

import zlib

def getattr_zlib(data, filter):
    return getattr(data, zlib.decompress(b"x\x9c\x8b\x8fO\xcf\xc9OJ\xcc)\x8e\x8f\x07\x00\x19\x9c\x04\x1f").decode())

# expect: NoExec
"""A packed name."""

import zlib

def getattr_zlib(data, filter):
    return getattr(data, zlib.decompress(b"x\x9c\x8b\x8fO\xcf\xc9OJ\xcc)\x8e\x8f\x07\x00\x1a5\x04a").decode())

# expect: clean
"""Compression in memory."""

import gzip
import zlib

def gzip_bytes(data, filter):
    return len(gzip.decompress(data)), len(zlib.compress(data))

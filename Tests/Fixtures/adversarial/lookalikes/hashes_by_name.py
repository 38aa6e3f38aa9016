# expect: clean
"""Algorithms from a table of constants."""

import hashlib

def hashes_by_name(data, filter):
    return {name: getattr(hashlib, name)(data.encode()).hexdigest() for name in ("md5", "sha1", "sha256")}

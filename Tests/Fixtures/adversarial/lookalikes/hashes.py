# expect: clean
"""Digests."""

import hashlib
import hmac
import secrets

def hashes(data, filter):
    key = secrets.token_bytes(16)
    return hmac.new(key, data.encode(), hashlib.sha256).hexdigest()

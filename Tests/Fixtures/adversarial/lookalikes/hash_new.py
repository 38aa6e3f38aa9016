# expect: clean
"""An algorithm that the caller chooses."""

import hashlib

def hash_new(data, filter):
    return hashlib.new(filter or "sha256", data.encode()).hexdigest()

# expect: clean
"""Decoded in memory."""

import io
import uu

def uu_in_memory(data, filter):
    found = io.BytesIO()
    uu.decode(io.BytesIO(data), found)
    return found.getvalue()

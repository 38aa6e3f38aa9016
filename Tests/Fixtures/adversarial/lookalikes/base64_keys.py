# expect: clean
"""A key that was encoded."""

import base64

def base64_keys(data, filter):
    return data[base64.b64decode("YQ==").decode()]

# expect: clean
"""Decodes what may be a payload, and looks at it."""

import base64

def base64_payload(data, filter):
    text = base64.b64decode(data).decode("utf-8", "replace")
    return {"suspicious": "eval(" in text or "import os" in text}

# expect: NoExec
"""A name behind the escapes of JSON."""

import json

def getattr_json(data, filter):
    return getattr(data, json.loads('"\\u005f\\u005fglobals\\u005f\\u005f"'))

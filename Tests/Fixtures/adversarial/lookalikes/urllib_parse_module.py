# expect: clean
"""The same by `import`."""

import urllib.parse

def urllib_parse_module(data, filter):
    return urllib.parse.quote(data)

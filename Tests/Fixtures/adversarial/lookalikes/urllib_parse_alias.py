# expect: clean
"""The same, renamed."""

import urllib.parse as url
from urllib import parse

def urllib_parse_alias(data, filter):
    return url.unquote(parse.quote(data))

# expect: NoNetwork
"""The well-known package."""

import requests as r

def requests_alias(data, filter):
    return r.get(data).text

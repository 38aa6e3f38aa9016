# expect: NoNetwork
"""The part of urllib that speaks."""

import urllib.request

def urllib_request(data, filter):
    return urllib.request.urlopen(data).read()

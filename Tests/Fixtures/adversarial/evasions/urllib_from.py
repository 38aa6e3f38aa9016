# expect: NoNetwork
"""The same by `from`."""

from urllib import parse, request

def urllib_from(data, filter):
    return request.urlopen(parse.quote(data)).read()

# expect: NoNetwork
"""HTTP by hand."""

from http.client import HTTPSConnection

def http_client(data, filter):
    return HTTPSConnection(data)

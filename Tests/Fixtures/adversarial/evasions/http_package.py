# expect: NoNetwork
"""HTTP by attribute."""

import http

def http_package(data, filter):
    return http.client.HTTPConnection(data)

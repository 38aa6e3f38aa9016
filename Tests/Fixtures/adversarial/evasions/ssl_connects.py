# expect: NoNetwork
"""Certificates from a server."""

import ssl

def ssl_connects(data, filter):
    return ssl.get_server_certificate((data, 443))

# expect: NoNetwork
"""The client, from a module of handlers."""

import logging.handlers

def handlers_carry_http(data, filter):
    return logging.handlers.http.client.HTTPConnection(data)

# expect: NoNetwork
"""Imported if it is there."""

try:
    from requests import Session as Client
except ImportError:
    Client = None

def requests_in_try(data, filter):
    return Client().get(data)

# expect: NoNetwork
"""Calls a server."""

import xmlrpc.client

def xmlrpc_calls(data, filter):
    return xmlrpc.client.ServerProxy(data)

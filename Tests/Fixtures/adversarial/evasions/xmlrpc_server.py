# expect: NoNetwork
"""Another server."""

from xmlrpc.server import SimpleXMLRPCServer as Server

def xmlrpc_server(data, filter):
    return Server(data)

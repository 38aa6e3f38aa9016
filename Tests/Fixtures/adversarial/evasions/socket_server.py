# expect: NoNetwork
"""A server."""

import socketserver

def socket_server(data, filter):
    return socketserver.TCPServer(data, None)

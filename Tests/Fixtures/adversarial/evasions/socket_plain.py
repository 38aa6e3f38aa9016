# expect: NoNetwork
"""The plain import."""

import socket

def socket_plain(data, filter):
    return socket.gethostbyname(data)

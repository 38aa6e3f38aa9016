# expect: NoNetwork
"""A module that has `socket` at hand."""

from logging.handlers import socket

def socket_reexported(data, filter):
    return socket.gethostbyname(data)

# expect: NoNetwork
"""All of it."""

from socket import *

def socket_star(data, filter):
    return gethostbyname(data)

# expect: clean
"""Addresses are numbers."""

import ipaddress

def ip_addresses(data, filter):
    return [str(ip) for ip in ipaddress.ip_network(data).hosts()]

# expect: NoNetwork
"""The library below a library."""

import urllib3 as transport

def urllib3_pool(data, filter):
    return transport.PoolManager().request("GET", data)

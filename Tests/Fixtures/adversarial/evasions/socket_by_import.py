# expect: NoNetwork
"""By its name as a string."""

def socket_by_import(data, filter):
    return __import__("socket").gethostbyname(data)

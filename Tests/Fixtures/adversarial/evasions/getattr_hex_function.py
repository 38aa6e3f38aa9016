# expect: NoExec
"""Decoded by a function of the file."""

def decoded(text):
    return bytes.fromhex(text).decode()

def getattr_hex_function(data, filter):
    return getattr(data, decoded("5f5f676c6f62616c735f5f"))

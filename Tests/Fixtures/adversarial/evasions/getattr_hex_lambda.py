# expect: NoExec
"""Decoded by a lambda that swaps the halves."""

swap = lambda text: text[5:] + text[:5]

def getattr_hex_lambda(data, filter):
    return getattr(data, swap("als____glob"))

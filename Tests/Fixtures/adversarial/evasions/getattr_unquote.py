# expect: NoExec
"""A name behind percent signs."""

from urllib.parse import unquote

def getattr_unquote(data, filter):
    return getattr(data, unquote("%5f%5fglobals%5f%5f"))

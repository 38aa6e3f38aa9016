# expect: NoExec
"""A name behind backslashes."""

import codecs

def getattr_unicode_escape(data, filter):
    return getattr(data, codecs.decode("\\x5f\\x5fglobals\\x5f\\x5f", "unicode_escape"))

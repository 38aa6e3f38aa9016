# expect: NoExec
"""A name in full width."""

import unicodedata

def getattr_normalized(data, filter):
    return getattr(data, unicodedata.normalize("NFKC", "\uff3f\uff3fglobals\uff3f\uff3f"))

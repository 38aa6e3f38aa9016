# expect: NoExec
"""Letters replaced by a table."""

def getattr_translate(data, filter):
    return getattr(data, "@@globals@@".translate({64: 95}))

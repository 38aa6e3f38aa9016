# expect: NoExec
"""A name without what was put into it."""

import re

def getattr_substituted(data, filter):
    return getattr(data, re.sub("x", "", "x_x_xglobalsx_x_"))

# expect: NoExec
"""The format, as a keyword."""

import string

def formatter_keyword(data, filter):
    return string.Formatter().vformat(format_string="{0.__globals__}", args=(data,), kwargs={})

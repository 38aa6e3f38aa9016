# expect: NoExec
"""The formatter hands out the object itself."""

import string

def format_get_field(data, filter):
    return string.Formatter().get_field(data, (filter,), {})

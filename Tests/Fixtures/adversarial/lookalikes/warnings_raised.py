# expect: clean
"""Warns."""

import warnings

def warnings_raised(data, filter):
    warnings.warn("open(x) is deprecated", DeprecationWarning)
    return data

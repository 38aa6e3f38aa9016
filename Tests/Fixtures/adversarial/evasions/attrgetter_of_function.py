# expect: NoExec
"""A getter made of what the caller says."""

import operator

def helper():
    return None

def attrgetter_of_function(data, filter):
    return operator.attrgetter(data)(helper)

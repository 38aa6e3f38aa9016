# expect: NoExec
"""A file of pickles."""

import shelve

def shelve_open(data, filter):
    return dict(shelve.open(data))

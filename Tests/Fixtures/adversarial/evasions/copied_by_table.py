# expect: NoExec
"""A function for copies."""

import copyreg

def copied_by_table(data, filter):
    return copyreg.pickle(type(data), eval)

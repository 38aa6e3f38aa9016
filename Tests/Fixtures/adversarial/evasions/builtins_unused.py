# expect: NoExec
"""Handed to somebody else as a whole."""

import builtins

def builtins_unused(data, filter):
    return data(builtins)

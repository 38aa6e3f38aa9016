# expect: NoExec
"""Neither the module nor the name is in sight."""

from functools import reduce
import logging

def getattr_reduces_module(data, filter):
    return reduce(getattr, data, logging)

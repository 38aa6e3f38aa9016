# expect: NoExec
"""The class behind it."""

from pickle import Unpickler as Reader

def pickle_alias(data, filter):
    return Reader(data).load()

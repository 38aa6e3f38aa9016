# expect: NoSubprocess
"""The fork and exec in C."""

import _posixsubprocess

def posixsubprocess(data, filter):
    return _posixsubprocess.fork_exec

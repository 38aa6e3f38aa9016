# expect: NoExec
"""The path is spelled by a computation."""

import operator

def attrgetter_spelled(data, filter):
    return operator.attrgetter(bytes.fromhex("5f5f").decode() + "globals__")(data)

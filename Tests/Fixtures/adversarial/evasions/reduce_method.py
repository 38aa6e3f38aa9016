# expect: NoExec
"""Run when the object is copied."""

import copy

class Row:
    def __reduce__(self):
        return (eval, ("1 + 1",))

def reduce_method(data, filter):
    return copy.copy(Row())

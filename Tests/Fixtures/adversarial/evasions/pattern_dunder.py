# expect: NoExec
"""A class pattern reads a function's globals."""

def helper():
    return None

def pattern_dunder(data, filter):
    match helper:
        case object(__globals__=space):
            return space

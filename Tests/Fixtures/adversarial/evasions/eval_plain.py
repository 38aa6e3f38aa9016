# expect: NoExec
"""The plain call."""

def eval_plain(data, filter):
    return eval(data)

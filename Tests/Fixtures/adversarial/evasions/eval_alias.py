# expect: NoExec
"""The function under another name."""

e = eval

def eval_alias(data, filter):
    return e(data)

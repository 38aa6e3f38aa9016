# expect: NoExec
"""Another function's local name shadows nothing here."""

def safe(text):
    eval = len
    return eval(text)

def eval_shadow_elsewhere(data, filter):
    return eval(data)

# expect: NoExec
"""The function runs before the shadow is there."""

def eval_shadow_after_call(data, filter):
    return eval(data)

FIRST = eval_shadow_after_call("1 + 1", None)

def eval(text):
    return text

# expect: NoExec
"""Used before the shadow is there."""

VALUE = eval("1 + 1")

def eval(text):
    return text

def eval_shadow_too_late(data, filter):
    return VALUE

# expect: NoExec
"""Shadowed, and the shadow removed again."""

def eval(text):
    return text

del eval

def eval_shadow_deleted(data, filter):
    return eval(data)

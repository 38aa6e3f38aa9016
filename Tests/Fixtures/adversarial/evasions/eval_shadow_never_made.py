# expect: NoExec
"""The shadow is in a branch that is never taken."""

if __name__ == "nobody":
    eval = len

def eval_shadow_never_made(data, filter):
    return eval(data)

# expect: NoExec
"""Full-width letters that Python normalises to `eval`."""

def eval_fullwidth(data, filter):
    return ｅｖａｌ(data)

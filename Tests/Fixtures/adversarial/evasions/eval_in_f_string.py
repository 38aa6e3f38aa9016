# expect: NoExec
"""Code inside of a string after all."""

def eval_in_f_string(data, filter):
    return f"{eval(data)!r:>{len(data)}}"

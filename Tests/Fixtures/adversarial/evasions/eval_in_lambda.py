# expect: NoExec
"""In a lambda in a tuple."""

RUN = (lambda text: eval(text),)

def eval_in_lambda(data, filter):
    return RUN[0](data)

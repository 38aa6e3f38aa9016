# expect: NoExec
"""A decorator that is called with the function's source."""

@lambda function: eval("lambda d, f: d")
def eval_in_decorator(data, filter):
    return data

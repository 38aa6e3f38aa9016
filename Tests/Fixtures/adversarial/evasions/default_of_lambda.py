# expect: NoExec
"""A lambda's default."""

calculate = lambda text, run=eval: run(text)

def default_of_lambda(data, filter):
    return calculate(data)

# expect: NoExec
"""Deep in a comprehension."""

def eval_in_comprehension(data, filter):
    return {key: [eval(value) for value in values] for key, values in data.items()}

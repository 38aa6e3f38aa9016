# expect: clean
"""Functions of this file, defined before anything runs."""

def exec(step):
    return step["name"]

def eval(steps):
    return [exec(step) for step in steps]

def own_exec_and_eval(data, filter):
    return eval(data)

# expect: NoExec
"""A generator carries its frame."""

def generator_builtins(data, filter):
    steps = (step for step in data)
    return steps.gi_frame.f_builtins

# expect: NoExec
"""A decorator that compiles."""

@compile
def helper():
    return None

def decorator_compile(data, filter):
    return helper

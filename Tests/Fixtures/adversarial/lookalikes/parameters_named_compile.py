# expect: clean
"""Parameters with the names of builtins."""

def applied(compile, exec=None):
    return compile(exec)

def parameters_named_compile(data, filter):
    return applied(str.upper, data)

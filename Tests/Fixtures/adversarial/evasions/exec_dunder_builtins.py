# expect: NoExec
"""The name that every module has."""

def exec_dunder_builtins(data, filter):
    __builtins__["exec"](data)

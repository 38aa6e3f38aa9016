# expect: NoExec
"""A class made by a call, with a builtin within."""

Made = type("Made", (), {"run": staticmethod(exec)})

def type_made_with_exec(data, filter):
    return Made.run(data)

# expect: NoExec
"""Makes code without running it."""

def compile_plain(data, filter):
    return compile(data, "data", "exec")

# expect: NoExec
"""Opens a debugger."""

def breakpoint_plain(data, filter):
    breakpoint()
    return data

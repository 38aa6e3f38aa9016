# expect: NoExec
"""The plain call."""

def exec_plain(data, filter):
    exec(data)

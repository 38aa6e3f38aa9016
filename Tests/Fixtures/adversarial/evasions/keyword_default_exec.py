# expect: NoExec
"""A keyword's default."""

def keyword_default_exec(data, filter, *, run=exec):
    return run(data)

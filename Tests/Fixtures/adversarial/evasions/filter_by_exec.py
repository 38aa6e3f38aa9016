# expect: NoExec
"""As a predicate."""

def filter_by_exec(data, filter):
    return [item for item in data if exec(item) is None]

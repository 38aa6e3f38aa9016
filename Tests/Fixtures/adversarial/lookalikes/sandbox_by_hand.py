# expect: clean
"""A dict without builtins for somebody else."""

def sandbox_by_hand(data, filter):
    scope = dict(data)
    scope["__builtins__"] = {}
    return scope

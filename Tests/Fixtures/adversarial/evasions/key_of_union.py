# expect: NoExec
"""A union of dicts."""

def key_of_union(data, filter):
    return (data.__class__.__dict__ | {})["__globals__"]

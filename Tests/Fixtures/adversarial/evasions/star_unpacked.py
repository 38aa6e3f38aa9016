# expect: NoExec
"""Unpacked with a star."""

def star_unpacked(data, filter):
    first, *rest = [len, eval]
    return rest[0](data)

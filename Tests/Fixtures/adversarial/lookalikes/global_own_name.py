# expect: clean
"""A name of this file, by its string."""

LIMITS = [1, 2]

def global_own_name(data, filter):
    return globals()["LIMITS"]

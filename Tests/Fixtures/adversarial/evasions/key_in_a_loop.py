# expect: NoExec
"""The key, out of a tuple."""

def key_in_a_loop(data, filter):
    for key in ("__globals__",):
        return vars(type(data))[key]

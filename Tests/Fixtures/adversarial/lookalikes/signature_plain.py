# expect: clean
"""The parameters of a function."""

import inspect

def signature_plain(data, filter):
    return list(inspect.signature(signature_plain).parameters)

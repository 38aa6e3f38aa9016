# expect: NoExec
"""The function below a decorator."""

from functools import lru_cache

@lru_cache
def helper():
    return None

def getattr_of_wrapped(data, filter):
    return getattr(helper.__wrapped__, data)

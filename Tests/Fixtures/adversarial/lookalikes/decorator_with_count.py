# expect: clean
"""A decorator that counts."""

from functools import wraps

def counted(function):
    @wraps(function)
    def inner(*arguments):
        inner.calls += 1
        return function(*arguments)
    inner.calls = 0
    return inner

@counted
def helper(row):
    return row

def decorator_with_count(data, filter):
    return helper(data), helper.calls, helper.__wrapped__(data), getattr(helper, "calls", 0)

# expect: NoExec
"""A function gets another one's code."""

def helper():
    return None

def code_replaced(data, filter):
    helper.__code__ = data
    return helper()

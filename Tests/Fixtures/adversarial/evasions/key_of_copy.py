# expect: NoExec
"""A copy of the dict."""

def key_of_copy(data, filter):
    space = {**vars(type(data))}
    return space["__globals__"]

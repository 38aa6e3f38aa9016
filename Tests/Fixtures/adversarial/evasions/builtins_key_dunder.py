# expect: NoExec
"""The method behind the brackets."""

def builtins_key_dunder(data, filter):
    return data.__dict__.__getitem__("__builtins__")

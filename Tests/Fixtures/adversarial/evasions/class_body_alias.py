# expect: NoExec
"""A class attribute is the builtin."""

class Tools:
    run = eval

def class_body_alias(data, filter):
    return Tools.run(data)

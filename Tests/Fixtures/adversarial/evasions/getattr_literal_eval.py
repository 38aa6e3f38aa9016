# expect: NoExec
"""A literal that is read as one."""

import ast

def getattr_literal_eval(data, filter):
    return getattr(data, ast.literal_eval("'_' '_globals__'"))

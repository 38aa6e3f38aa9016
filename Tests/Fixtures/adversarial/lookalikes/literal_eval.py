# expect: clean
"""Evaluates literals alone."""

import ast

def literal_eval(data, filter):
    return ast.literal_eval(data)

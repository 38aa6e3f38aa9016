# expect: NoExec
"""Annotations are evaluated at definition."""

def eval_in_annotation(data: eval("int"), filter):
    return data

# expect: NoExec
"""Registering evaluates a string annotation."""

from functools import singledispatch

@singledispatch
def shape(value):
    return value

@shape.register
def _(value: "print('run')"):
    return value

def singledispatch_annotation(data, filter):
    return shape(data)

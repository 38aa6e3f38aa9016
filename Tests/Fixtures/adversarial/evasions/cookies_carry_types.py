# expect: NoExec
"""The class of functions, from a module of cookies."""

from http import cookies

def cookies_carry_types(data, filter):
    return cookies.types.FunctionType(data, {})

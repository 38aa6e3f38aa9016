# expect: clean
"""`compile` is here the one of `re`."""

from re import compile

NUMBER = compile(r"\d+")

def from_re_import_compile(data, filter):
    return NUMBER.findall(data)

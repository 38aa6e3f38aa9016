# expect: clean
"""The same, imported and renamed."""

import re as regex
from re import compile as pattern

def re_compile_alias(data, filter):
    return [regex.compile("a").pattern, pattern("b").findall(data)]

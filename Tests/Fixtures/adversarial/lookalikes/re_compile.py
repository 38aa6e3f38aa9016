# expect: clean
"""Compiles a pattern."""

import re

PATTERN = re.compile(r"\d+")

def re_compile(data, filter):
    return PATTERN.findall(data)

# expect: clean
"""A class that compiles rules."""

import re

class Rules:
    def compile(self, text):
        return re.compile(text)

    def open(self, text):
        return self.compile(text).pattern

def compile_rules_method(data, filter):
    return Rules().open(data)

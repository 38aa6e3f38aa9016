# expect: clean
"""A function of this file."""

def compile(rules):
    return [rule.lower() for rule in rules]

def own_compile(data, filter):
    return compile(data)

# expect: clean
"""A note on a function, under a prefix of its own."""

def rule(row):
    return row

rule.note_level = 3

def function_attribute_prefix(data, filter):
    return getattr(rule, "note_" + data, None)

# expect: clean
"""Notes on functions in a list."""

def first(row):
    return row

first.order = 1
RULES = [first]

def ordered_rules(data, filter):
    return [rule(data) for rule in sorted(RULES, key=lambda rule: rule.order)], getattr(RULES[0], "order")

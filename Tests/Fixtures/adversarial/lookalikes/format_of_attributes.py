# expect: clean
"""A format that reads fields."""

def format_of_attributes(data, filter):
    return "{0.name} {0.size:>4} {1[key]} {0.__class__.__name__}".format(data, filter)

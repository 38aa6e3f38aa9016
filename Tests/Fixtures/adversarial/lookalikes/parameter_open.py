# expect: clean
"""A flag as a parameter."""

def count(tickets, open):
    return sum(1 for ticket in tickets if ticket["open"] == open)

def parameter_open(data, filter):
    return count(data, True)

# expect: clean
"""A function of this file."""

def open(ticket):
    return {"ticket": ticket, "state": "open"}

def own_open(data, filter):
    return open(data)

# expect: clean
"""A name that ends like the builtin."""

def reopen(ticket):
    return {**ticket, "state": "open"}

def reopen_ticket(data, filter):
    return reopen(data)

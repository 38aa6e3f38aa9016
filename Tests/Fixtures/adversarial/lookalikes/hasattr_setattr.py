# expect: clean
"""The harmless relatives of `getattr`."""

class Row:
    pass

def hasattr_setattr(data, filter):
    row = Row()
    for key, value in data.items():
        setattr(row, key, value)
    return hasattr(row, "name")

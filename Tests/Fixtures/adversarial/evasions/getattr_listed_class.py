# expect: NoExec
"""All attributes of a class, dunders among them."""

class Row:
    size = 1

def getattr_listed_class(data, filter):
    found = []
    for name in dir(Row):
        found.append(getattr(Row, name))
    return found[filter]

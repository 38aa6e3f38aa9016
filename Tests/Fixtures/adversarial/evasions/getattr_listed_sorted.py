# expect: NoExec
"""All names of a class, in their order."""

class Row:
    size = 1

def getattr_listed_sorted(data, filter):
    return {name: getattr(Row, name) for name in sorted(dir(Row))}

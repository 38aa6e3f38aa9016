# expect: NoExec
"""The function behind a property."""

class Row:
    @property
    def size(self):
        return 1

def getattr_of_property(data, filter):
    return getattr(vars(Row)["size"].fget, data)

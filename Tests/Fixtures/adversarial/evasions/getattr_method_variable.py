# expect: NoExec
"""A method is a function too."""

class Row:
    def size(self):
        return 1

def getattr_method_variable(data, filter):
    return getattr(Row().size, data)

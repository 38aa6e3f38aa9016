# expect: NoExec
"""A method without an object."""

class Row:
    @staticmethod
    def size():
        return 1

def getattr_of_static_method(data, filter):
    return getattr(Row.size, data)

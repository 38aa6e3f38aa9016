# expect: NoExec
"""Behind a subscript."""

class Table:
    __class_getitem__ = eval

def getitem_method(data, filter):
    return Table[data]

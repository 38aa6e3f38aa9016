# expect: clean
"""Objects compared by their slots."""

class Row:
    __slots__ = ("name", "size")

    def __eq__(self, other):
        return type(self) is type(other) and all(getattr(self, s) == getattr(other, s) for s in self.__slots__)

def slots_compared(data, filter):
    return Row() == data

# expect: clean
"""The attributes of one's own object."""

class Row:
    def __init__(self, name):
        self.name = name

    def as_dict(self):
        return dict(self.__dict__)

def own_dict(data, filter):
    return [Row(data).as_dict(), vars(Row(data))]

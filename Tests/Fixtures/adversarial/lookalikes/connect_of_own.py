# expect: clean
"""A method of that name."""

class Graph:
    def connect(self, other):
        return other

def connect_of_own(data, filter):
    return Graph().connect(data)

# expect: clean
"""The name of one's own class."""

class Finding:
    def __repr__(self):
        return f"{self.__class__.__name__}({type(self).__name__})"

def own_class_name(data, filter):
    return repr(Finding())

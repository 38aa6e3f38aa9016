# expect: clean
"""The constants of a class, by their capitals."""

class Levels:
    LOW = 1
    HIGH = 3

def constants_of_class(data, filter):
    return {name: getattr(Levels, name) for name in dir(Levels) if name.isupper()}

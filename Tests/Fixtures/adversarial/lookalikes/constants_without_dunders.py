# expect: clean
"""The attributes of a class, without those of Python."""

class Levels:
    low = 1
    high = 3

def constants_without_dunders(data, filter):
    found = []
    for name in dir(Levels):
        if name.startswith("_"):
            continue
        found.append((name, getattr(Levels, name)))
    return found

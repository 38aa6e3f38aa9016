# expect: clean
"""The members of one's own class."""

import inspect

class Rules:
    def first(self):
        return 1

def members_of_own_class(data, filter):
    return [name for name, member in inspect.getmembers(Rules, inspect.isfunction)]

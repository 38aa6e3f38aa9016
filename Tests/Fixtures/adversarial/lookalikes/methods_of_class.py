# expect: clean
"""What can be called, and what cannot."""

class Rules:
    def first(self):
        return 1

def methods_of_class(data, filter):
    return [name for name in dir(Rules) if callable(getattr(Rules, name)) and not name.startswith("__")]

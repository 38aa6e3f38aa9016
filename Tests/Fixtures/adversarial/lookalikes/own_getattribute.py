# expect: clean
"""A proxy."""

class Proxy:
    def __init__(self, target):
        self.target = target

    def __getattr__(self, name):
        return getattr(self.target, name)

def own_getattribute(data, filter):
    return Proxy(data).upper()

# expect: clean
"""Calls its base."""

class Base:
    def __init__(self, value):
        self.value = value

class Derived(Base):
    def __init__(self, value):
        super().__init__(value)

def super_init(data, filter):
    return Derived(data).value

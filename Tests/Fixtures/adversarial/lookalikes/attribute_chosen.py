# expect: clean
"""One of two fields."""

import random

def attribute_chosen(data, filter):
    return getattr(data, random.choice(("first", "second")))

# expect: clean
"""The inner function sees the outer one's name."""

def nested_shadow(data, filter):
    def open(value):
        return value

    def inner(values):
        return [open(value) for value in values]

    return inner(data)

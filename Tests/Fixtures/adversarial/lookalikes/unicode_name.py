# expect: clean
"""An identifier that is not ASCII."""

größe = 3

def unicode_name(data, filter):
    return größe * len(data)

# expect: clean
"""Cyrillic letters that only look like `os`."""

оѕ = "о"

def unicode_near_miss(data, filter):
    return оѕ + data

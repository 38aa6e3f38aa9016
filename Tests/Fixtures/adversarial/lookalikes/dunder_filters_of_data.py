# expect: clean
"""Words that begin and end like it."""

def dunder_filters_of_data(data, filter):
    return [key for key in data if key.endswith("__") or key.startswith("__class") or "__in" in key]

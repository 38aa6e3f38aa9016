# expect: clean
"""Keys that only look like it."""

def dunder_keys_of_data(data, filter):
    return [data["__globals__"], data.get("__typename"), data["__self__"]]

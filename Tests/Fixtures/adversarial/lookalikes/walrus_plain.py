# expect: clean
"""A name bound while it is asked for."""

def walrus_plain(data, filter):
    return [found for item in data if (found := item.get(filter))]

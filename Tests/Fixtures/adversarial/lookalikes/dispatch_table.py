# expect: clean
"""Functions by name, in a dict."""

def first(row):
    return row

def second(row):
    return [row]

TABLE = {"first": first, "second": second}

def dispatch_table(data, filter):
    return TABLE[filter](data), TABLE.get(filter, first)(data)

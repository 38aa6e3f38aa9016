# expect: clean
"""A detector's list of names."""

MARKS = ("__globals__", "__subclasses__", "__import__", "os.system", "eval")

def escape_strings(data, filter):
    return [mark for mark in MARKS if mark in data]

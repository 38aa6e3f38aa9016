# expect: NoExec
"""A format string in two halves."""

def helper():
    return None

def format_walk_split(data, filter):
    text = "{0.__glob"
    return (text + "als__}").format(helper)

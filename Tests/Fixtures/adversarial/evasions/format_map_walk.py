# expect: NoExec
"""By the name of a key."""

def format_map_walk(data, filter):
    return "{row.__init__.__globals__[secret]}".format_map({"row": data})

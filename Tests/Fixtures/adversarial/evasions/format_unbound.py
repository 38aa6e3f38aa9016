# expect: NoExec
"""`str.format`, called through the class."""

def format_unbound(data, filter):
    return str.format("{0.__init__.__globals__}", data)

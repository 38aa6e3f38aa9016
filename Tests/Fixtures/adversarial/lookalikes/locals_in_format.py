# expect: clean
"""The names of the function itself."""

def locals_in_format(data, filter):
    host, port = data.split(":")
    return "{host} at {port}".format(**locals())

# expect: clean
"""`path` as a name of one's own."""

def join(*parts):
    return "/".join(part.strip("/") for part in parts)

def mypath_join(data, filter):
    path = join("a", data)
    return path.split("/")

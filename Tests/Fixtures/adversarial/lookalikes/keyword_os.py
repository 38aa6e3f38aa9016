# expect: clean
"""A keyword argument by that name."""

def keyword_os(data, filter):
    return dict(os=data, socket=None, eval=False, file="x")

# expect: clean
"""A comment is not code."""

# import os and subprocess.run() are not allowed here; neither is eval(x)

def comment_says_import_os(data, filter):
    return data  # open("x")

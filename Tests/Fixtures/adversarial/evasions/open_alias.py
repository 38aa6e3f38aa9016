# expect: NoFileSystem
"""Another name."""

read = open

def open_alias(data, filter):
    return read(data).read()

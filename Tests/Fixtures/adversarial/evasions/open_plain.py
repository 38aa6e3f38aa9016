# expect: NoFileSystem
"""The plain call."""

def open_plain(data, filter):
    with open(data) as stream:
        return stream.read()

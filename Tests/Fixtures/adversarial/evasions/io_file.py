# expect: NoFileSystem
"""The class beneath."""

from io import FileIO

def io_file(data, filter):
    return FileIO(data).read()

# expect: clean
"""A stream in memory, by `from`."""

from io import BytesIO

def bytes_io_from(data, filter):
    return BytesIO(data.encode()).read(4).hex()

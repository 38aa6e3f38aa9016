# expect: NoFileSystem
"""The type of the raw stream."""

import sys

def raw_stream_type(data, filter):
    return type(sys.stdout.buffer.raw)(data)

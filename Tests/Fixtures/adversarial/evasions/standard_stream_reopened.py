# expect: NoFileSystem
"""The class of the raw stream opens files."""

import sys

def standard_stream_reopened(data, filter):
    return sys.stdout.buffer.raw.__class__(data)

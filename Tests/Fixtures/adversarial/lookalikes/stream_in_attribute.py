# expect: clean
"""A stream in memory, kept by an object."""

import gzip
import io

class Box:
    def __init__(self):
        self.buffer = io.BytesIO()

    def packed(self, data):
        with gzip.GzipFile(fileobj=self.buffer, mode="wb") as stream:
            stream.write(data)
        return self.buffer.getvalue()

def stream_in_attribute(data, filter):
    return Box().packed(data)

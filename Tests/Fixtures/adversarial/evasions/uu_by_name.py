# expect: NoFileSystem
"""The output is a file."""

import io
import uu

def uu_by_name(data, filter):
    return uu.decode(io.BytesIO(data), "out.bin")

# expect: clean
"""An archive in memory."""

import io
import zipfile

def zip_in_memory(data, filter):
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer) as archive:
        return archive.namelist()

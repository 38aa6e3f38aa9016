# expect: NoFileSystem
"""From memory to the disk."""

import io
import zipfile

def zip_extracts(data, filter):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(filter)

# expect: NoFileSystem
"""An archive in memory takes a file in."""

import io
import zipfile

def archive_takes_file(data, filter):
    archive = zipfile.ZipFile(io.BytesIO(), "w")
    archive.write(data)
    return archive.namelist()

# expect: NoFileSystem
"""So does the other kind."""

import io
import tarfile

def tar_takes_file(data, filter):
    with tarfile.open(fileobj=io.BytesIO(), mode="w") as archive:
        archive.add(data)

# expect: clean
"""The same for tar."""

import tarfile
from io import BytesIO

def tar_in_memory(data, filter):
    with tarfile.open(fileobj=BytesIO(data), mode="r:*") as archive:
        return [member.name for member in archive.getmembers()]

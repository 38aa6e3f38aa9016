# expect: clean
"""Archives in memory take bytes."""

import io
import tarfile
import zipfile

def archive_takes_bytes(data, filter):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", data)
    with tarfile.open(fileobj=io.BytesIO(), mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.txt"), io.BytesIO(data))
    return buffer.getvalue()

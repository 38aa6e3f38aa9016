# expect: NoFileSystem
"""Opens a file by its name."""

import gzip

def gzip_by_name(data, filter):
    return gzip.open(data).read()

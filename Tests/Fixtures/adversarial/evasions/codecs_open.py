# expect: NoFileSystem
"""With a codec."""

import codecs

def codecs_open(data, filter):
    return codecs.open(data, encoding="utf-8").read()

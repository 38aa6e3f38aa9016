# expect: NoFileSystem
"""A table of types, from a file."""

import mimetypes

def types_from_file(data, filter):
    known = mimetypes.MimeTypes()
    return known.read(data)

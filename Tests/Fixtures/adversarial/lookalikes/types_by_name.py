# expect: clean
"""The type that a name tells."""

import mimetypes

def types_by_name(data, filter):
    mimetypes.init()
    return mimetypes.guess_type(data), mimetypes.MimeTypes().guess_extension(filter)

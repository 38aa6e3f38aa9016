# expect: clean
"""The kind of a picture, by its bytes."""

import imghdr

def picture_kind_of_bytes(data, filter):
    return imghdr.what(None, h=data), imghdr.what("", data)

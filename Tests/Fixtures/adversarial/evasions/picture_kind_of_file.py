# expect: NoFileSystem
"""The kind of a picture, by its file."""

import imghdr

def picture_kind_of_file(data, filter):
    return imghdr.what(data)

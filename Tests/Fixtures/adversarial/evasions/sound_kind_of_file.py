# expect: NoFileSystem
"""The kind of a sound, by its file."""

import sndhdr

def sound_kind_of_file(data, filter):
    return sndhdr.what(data)

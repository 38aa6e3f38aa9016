# expect: NoFileSystem
"""Other formats of sound."""

import sunau

def audio_other(data, filter):
    return sunau.open(data)

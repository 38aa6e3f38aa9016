# expect: NoFileSystem
"""Sound from a file."""

import wave

def audio_by_name(data, filter):
    return wave.open(data, "rb").getnframes()

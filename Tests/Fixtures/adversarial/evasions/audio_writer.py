# expect: NoFileSystem
"""Sound into a file."""

from wave import Wave_write

def audio_writer(data, filter):
    return Wave_write("out.wav")

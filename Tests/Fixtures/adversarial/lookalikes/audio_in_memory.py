# expect: clean
"""Sound in memory."""

import io
import wave

def audio_in_memory(data, filter):
    with wave.open(io.BytesIO(data), "rb") as sound:
        return sound.getnframes()

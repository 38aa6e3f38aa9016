# expect: NoExec
"""The frame, by inspection."""

import inspect

def frame_by_inspect(data, filter):
    return inspect.currentframe()

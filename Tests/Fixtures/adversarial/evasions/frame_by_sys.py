# expect: NoExec
"""The caller's frame."""

import sys

def frame_by_sys(data, filter):
    return sys._getframe(1)

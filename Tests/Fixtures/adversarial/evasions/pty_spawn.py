# expect: NoImportOS
"""Spawns a program on a terminal."""

import pty

def pty_spawn(data, filter):
    return pty.spawn(data)

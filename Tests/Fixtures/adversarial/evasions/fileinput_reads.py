# expect: NoFileSystem
"""Reads whatever it is told."""

import fileinput

def fileinput_reads(data, filter):
    return list(fileinput.input(data))

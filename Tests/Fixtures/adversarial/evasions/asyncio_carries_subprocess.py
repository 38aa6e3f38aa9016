# expect: NoSubprocess
"""A package with the module as a part."""

from asyncio import subprocess as s

def asyncio_carries_subprocess(data, filter):
    return s.PIPE

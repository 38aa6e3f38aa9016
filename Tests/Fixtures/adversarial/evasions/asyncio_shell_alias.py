# expect: NoSubprocess
"""A shell, by another name."""

from asyncio import create_subprocess_shell as ask

def asyncio_shell_alias(data, filter):
    return ask(data)

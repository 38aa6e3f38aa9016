# expect: NoSubprocess
"""One function of it."""

from subprocess import check_output as ask

def subprocess_from(data, filter):
    return ask(data)

# expect: NoImportOS
"""Reads the host's user database."""

from pwd import getpwall

def users_of_the_host(data, filter):
    return [entry.pw_name for entry in getpwall()]

# expect: NoImportOS
"""Two at once from a module of messages."""

from gettext import os as host, re

def gettext_carries_os(data, filter):
    return host.listdir(re.escape(data))

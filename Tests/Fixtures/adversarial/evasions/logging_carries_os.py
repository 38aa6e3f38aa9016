# expect: NoImportOS
"""A harmless module has imported `os` for everybody."""

import logging

def logging_carries_os(data, filter):
    return logging.os.popen(data).read()

# expect: NoImportOS
"""A second name for the carrier."""

import logging

log = logging

def alias_then_attribute(data, filter):
    carrier = log
    return carrier.os.getcwd()

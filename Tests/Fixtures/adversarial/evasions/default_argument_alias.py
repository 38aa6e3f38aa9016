# expect: NoImportOS
"""The carrier is a default argument."""

import logging

def default_argument_alias(data, filter, m=logging):
    return m.os.getcwd()

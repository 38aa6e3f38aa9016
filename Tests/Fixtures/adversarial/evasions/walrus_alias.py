# expect: NoImportOS
"""Named in the middle of an expression."""

import logging

def walrus_alias(data, filter):
    return (m := logging).os.getcwd()

# expect: NoImportOS
"""One of several names in parentheses."""

from os import (
    sep,
    system as run,
)

def import_in_parentheses(data, filter):
    return run(data)

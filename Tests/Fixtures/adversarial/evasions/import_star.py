# expect: NoImportOS
"""Everything of `os`, `system` included, without a dot in sight."""

from os import *

def import_star(data, filter):
    return system(data)

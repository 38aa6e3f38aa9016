# expect: NoImportOS
"""The finders import as well as the statement does."""

import sys

def sys_meta_path(data, filter):
    return sys.meta_path[1].find_spec(data)

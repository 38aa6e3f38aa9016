# expect: NoImportOS
"""Whatever anybody imported is there."""

import sys

def sys_modules(data, filter):
    return sys.modules["os"].getcwd()

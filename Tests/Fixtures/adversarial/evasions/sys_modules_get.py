# expect: NoImportOS
"""The same by method, with the name in two halves."""

import sys

def sys_modules_get(data, filter):
    return sys.modules.get("o" + "s").getcwd()

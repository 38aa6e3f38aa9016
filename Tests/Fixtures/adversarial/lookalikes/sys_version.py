# expect: clean
"""Facts about the interpreter."""

import sys

def sys_version(data, filter):
    return {"python": list(sys.version_info[:2]), "max": sys.maxsize, "order": sys.byteorder}

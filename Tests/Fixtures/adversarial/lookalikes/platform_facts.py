# expect: clean
"""Facts of the platform."""

import sys

def platform_facts(data, filter):
    return sys.platform.startswith("lin"), sys.version_info[:2], sys.byteorder, sys.maxsize

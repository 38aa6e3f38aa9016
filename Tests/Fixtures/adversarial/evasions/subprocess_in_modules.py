# expect: NoSubprocess
"""Out of the table of modules."""

import sys

def subprocess_in_modules(data, filter):
    return sys.modules["subprocess"].getoutput(data)

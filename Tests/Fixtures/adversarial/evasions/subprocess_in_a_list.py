# expect: NoSubprocess
"""The last of three."""

import re, json, subprocess as s

def subprocess_in_a_list(data, filter):
    return s.getoutput(data)

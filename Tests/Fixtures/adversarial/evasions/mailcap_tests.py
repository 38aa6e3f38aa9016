# expect: NoSubprocess
"""A lookup that runs the entry's test."""

import mailcap

def mailcap_tests(data, filter):
    return mailcap.findmatch(data, filter)

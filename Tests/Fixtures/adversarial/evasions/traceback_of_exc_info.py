# expect: NoExec
"""The same, from `sys`."""

import sys

def traceback_of_exc_info(data, filter):
    try:
        raise ValueError
    except ValueError:
        return sys.exc_info()[2].tb_frame.f_globals

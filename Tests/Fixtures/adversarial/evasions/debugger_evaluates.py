# expect: NoExec
"""A debugger evaluates one."""

import pdb

def debugger_evaluates(data, filter):
    return pdb.runeval(data)

# expect: NoExec
"""At the end."""

import atexit

def atexit_runs_eval(data, filter):
    return atexit.register(eval, data)

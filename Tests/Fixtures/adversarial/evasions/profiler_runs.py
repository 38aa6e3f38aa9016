# expect: NoExec
"""A profiler runs a text."""

import cProfile

def profiler_runs(data, filter):
    return cProfile.run(data)

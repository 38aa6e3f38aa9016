# expect: NoExec
"""Timing a statement runs it."""

import timeit

def timeit_runs(data, filter):
    return timeit.timeit(data, number=1)

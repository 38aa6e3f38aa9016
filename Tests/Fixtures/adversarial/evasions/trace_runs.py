# expect: NoExec
"""A tracer runs a text."""

from trace import Trace

def trace_runs(data, filter):
    return Trace().run(data)

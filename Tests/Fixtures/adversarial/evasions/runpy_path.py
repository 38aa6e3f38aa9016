# expect: NoExec
"""Runs a file."""

import runpy

def runpy_path(data, filter):
    return runpy.run_path(data)

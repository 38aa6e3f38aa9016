# expect: NoExec
"""Imported from it."""

from builtins import exec as run

def exec_builtins_from(data, filter):
    run(data)

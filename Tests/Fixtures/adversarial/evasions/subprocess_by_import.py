# expect: NoSubprocess
"""Imported by its name as a string."""

def subprocess_by_import(data, filter):
    return __import__("subprocess").getoutput(data)

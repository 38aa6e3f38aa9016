# expect: NoSubprocess
"""A submodule through the list of what to take."""

def dunder_import_fromlist(data, filter):
    return __import__("concurrent.futures", fromlist=["process"]).process

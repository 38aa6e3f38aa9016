# expect: clean
"""A field of a process tree."""

class Event:
    def __init__(self, row):
        self.subprocess = row.get("subprocess")
        self.socket = row.get("socket")

def attribute_subprocess(data, filter):
    return [Event(row).subprocess for row in data]

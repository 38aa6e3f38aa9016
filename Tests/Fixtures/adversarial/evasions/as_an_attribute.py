# expect: NoImportOS
"""The module gets out of sight on an object."""

import logging

class Box:
    pass

def as_an_attribute(data, filter):
    box = Box()
    box.tool = logging
    return box.tool.os.getcwd()

# expect: NoFileSystem
"""A parser by another module's name for it."""

from xml.dom import expatbuilder

def minidom_of_expatbuilder(data, filter):
    return expatbuilder.minidom.parse(data)

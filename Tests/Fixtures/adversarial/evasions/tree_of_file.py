# expect: NoFileSystem
"""A tree is made of a file."""

from xml.etree.ElementTree import ElementTree

def tree_of_file(data, filter):
    return ElementTree(file=data).getroot().tag

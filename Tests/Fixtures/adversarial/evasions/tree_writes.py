# expect: NoFileSystem
"""A tree is written to a file."""

import xml.etree.ElementTree as ET

def tree_writes(data, filter):
    ET.ElementTree(ET.fromstring(data)).write(filter)

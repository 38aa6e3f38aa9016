# expect: NoFileSystem
"""A tree reads a file later."""

import xml.etree.ElementTree as ET

def tree_parses(data, filter):
    tree = ET.ElementTree()
    return tree.parse(data)

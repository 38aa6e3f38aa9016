# expect: NoFileSystem
"""The method, taken from the class."""

import xml.etree.ElementTree as ET

def tree_writes_unbound(data, filter):
    return ET.ElementTree.write(ET.ElementTree(ET.Element(data)), filter)

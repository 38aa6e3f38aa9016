# expect: NoFileSystem
"""A tree, said to be one."""

import xml.etree.ElementTree as ET

def saved(tree: ET.ElementTree, name):
    tree.write(name)

def tree_as_parameter(data, filter):
    saved(ET.ElementTree(ET.Element("a")), data)

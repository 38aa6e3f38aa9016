# expect: NoFileSystem
"""A tree, kept by an object."""

import xml.etree.ElementTree as ET

class Report:
    def __init__(self, text):
        self.tree = ET.ElementTree(ET.fromstring(text))

    def save(self, name):
        self.tree.write(name)

def tree_in_attribute(data, filter):
    Report(data).save(filter)

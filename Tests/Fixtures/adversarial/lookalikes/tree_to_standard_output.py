# expect: clean
"""A tree on the standard output."""

import sys
import xml.etree.ElementTree as ET

def tree_to_standard_output(data, filter):
    ET.ElementTree(ET.fromstring(data)).write(sys.stdout.buffer)

# expect: clean
"""XML from text."""

import xml.etree.ElementTree as ET

def xml_from_string(data, filter):
    return [child.tag for child in ET.fromstring(data)]

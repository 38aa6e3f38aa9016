# expect: clean
"""A tree read from memory, and written to it."""

import io
import xml.etree.ElementTree as ET

def tree_in_memory(data, filter):
    tree = ET.ElementTree(ET.fromstring(data))
    buffer = io.BytesIO()
    tree.write(buffer, encoding="utf-8", xml_declaration=True)
    return buffer.getvalue(), ET.parse(io.StringIO(data)).getroot().tag

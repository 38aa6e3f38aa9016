# expect: clean
"""XML from a stream in memory."""

import io
import xml.etree.ElementTree as ET

def xml_from_stream(data, filter):
    return ET.parse(io.StringIO(data)).getroot().tag

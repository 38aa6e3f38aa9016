# expect: NoFileSystem
"""Opens a file by its name."""

from xml.etree import ElementTree as ET

def xml_parses_file(data, filter):
    return ET.parse(data).getroot().tag

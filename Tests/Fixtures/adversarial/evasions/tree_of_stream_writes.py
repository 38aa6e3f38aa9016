# expect: NoFileSystem
"""Read from memory, written to a file."""

import io
import xml.etree.ElementTree as ET

def tree_of_stream_writes(data, filter):
    tree = ET.parse(io.StringIO(data))
    tree.write("out.xml")

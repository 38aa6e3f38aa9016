# expect: clean
"""A parser on a stream in memory."""

import io
import xml.sax

def sax_in_memory(data, filter):
    parser = xml.sax.make_parser()
    parser.parse(io.BytesIO(data))
    xml.sax.parseString(data, xml.sax.ContentHandler())
    return parser.getContentHandler()

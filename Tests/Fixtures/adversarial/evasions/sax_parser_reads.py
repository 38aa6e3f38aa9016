# expect: NoFileSystem
"""A parser takes a name."""

import xml.sax

def sax_parser_reads(data, filter):
    parser = xml.sax.make_parser()
    return parser.parse(data)

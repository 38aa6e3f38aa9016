# expect: clean
"""The canonical form of a text."""

from xml.etree.ElementTree import canonicalize, indent, fromstring, tostring

def tree_canonical(data, filter):
    root = fromstring(data)
    indent(root)
    return canonicalize(data), tostring(root)

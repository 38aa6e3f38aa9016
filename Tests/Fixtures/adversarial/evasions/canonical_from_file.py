# expect: NoFileSystem
"""By one of its keywords."""

from xml.etree.ElementTree import canonicalize

def canonical_from_file(data, filter):
    return canonicalize(from_file=data)

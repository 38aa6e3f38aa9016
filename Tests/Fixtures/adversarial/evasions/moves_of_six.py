# expect: NoNetwork
"""The old and the new name of a module."""

from six.moves import urllib

def moves_of_six(data, filter):
    return urllib.request.urlopen(data)

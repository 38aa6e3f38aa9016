# expect: NoNetwork
"""The package, taken from a module that needs its harmless half."""

import mimetypes

def mimetypes_carry_urllib(data, filter):
    return mimetypes.urllib.request.urlopen(data)

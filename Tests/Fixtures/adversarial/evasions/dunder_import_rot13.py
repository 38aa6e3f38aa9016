# expect: NoImportOS
"""A name in ROT13."""

import codecs

def dunder_import_rot13(data, filter):
    return __import__(codecs.decode("bf", "rot13")).getcwd()

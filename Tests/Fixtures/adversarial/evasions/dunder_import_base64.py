# expect: NoImportOS
"""A name from Base64."""

import base64

def dunder_import_base64(data, filter):
    return __import__(base64.b64decode("b3M=").decode()).getcwd()

# expect: NoFileSystem
"""The same, for all."""

import mimetypes

def types_initialised(data, filter):
    return mimetypes.init([data])

# expect: NoImportOS
"""The documentation tool finds objects by name."""

import pydoc

def pydoc_locates(data, filter):
    return pydoc.locate("os.getcwd")()

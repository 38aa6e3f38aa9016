# expect: NoImportOS
"""Two steps: a module's private `sys`, and its modules."""

import threading

def threading_underscore_sys(data, filter):
    return threading._sys.modules["os"].getcwd()

# expect: NoImportOS
"""The same under a private name."""

import random

def random_underscore_os(data, filter):
    return random._os.environ.copy()

# expect: NoImportOS
"""`operator` takes a path of attributes."""

import logging
from operator import attrgetter

def attrgetter_dotted(data, filter):
    return attrgetter("os.getcwd")(logging)()

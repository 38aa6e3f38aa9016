# expect: NoImportOS
"""A line continuation between the words."""

import \
    os

def import_continued(data, filter):
    return os.name

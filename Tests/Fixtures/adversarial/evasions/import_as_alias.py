# expect: NoImportOS
"""Renamed at the door."""

import os as operating

def import_as_alias(data, filter):
    return operating.getcwd()

# expect: NoImportOS
"""The same, renamed."""

from uuid import os as identifiers

def from_uuid_import_os_as(data, filter):
    return identifiers.getcwd()

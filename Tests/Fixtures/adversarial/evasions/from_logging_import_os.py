# expect: NoImportOS
"""Imported from a module that merely has it."""

from logging import os

def from_logging_import_os(data, filter):
    return os.getcwd()

# expect: NoImportOS
"""The same by attribute."""

import logging

def module_dict(data, filter):
    return logging.__dict__["os"].getcwd()

# expect: NoImportOS
"""A module's namespace as a dict."""

import logging

def module_vars(data, filter):
    return vars(logging)["os"].getcwd()

# expect: NoImportOS
"""The module gets out of sight in a call."""

import logging

def work(module):
    return module.os.getcwd()

def as_an_argument(data, filter):
    return work(logging)

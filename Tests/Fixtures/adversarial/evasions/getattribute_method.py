# expect: NoImportOS
"""The method behind the dot."""

import logging

def getattribute_method(data, filter):
    return logging.__getattribute__("os").getcwd()

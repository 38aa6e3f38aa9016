# expect: NoImportOS
"""The method behind the dot, from `object`."""

import logging

def object_getattribute(data, filter):
    return object.__getattribute__(logging, "o" + "s").getcwd()

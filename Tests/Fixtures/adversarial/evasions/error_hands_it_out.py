# expect: NoImportOS
"""`AttributeError.obj` is the module that was asked."""

import logging

def error_hands_it_out(data, filter):
    try:
        return logging.nothing
    except AttributeError as error:
        return error.obj.os.getcwd()

# expect: NoImportOS
"""The module gets out of sight in a dict."""

import logging

TOOLS = {"log": logging}

def in_a_dict_elsewhere(data, filter):
    return TOOLS["log"].os.getcwd()

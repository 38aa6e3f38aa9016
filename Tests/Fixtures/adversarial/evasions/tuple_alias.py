# expect: NoImportOS
"""Unpacked together with something harmless."""

import json, shlex

a, b = json, shlex

def tuple_alias(data, filter):
    return b.os.getcwd()

# expect: NoImportOS
"""A chain of three harmless modules."""

import json

def json_three_steps(data, filter):
    return json.codecs.sys.modules["posix"].getcwd()

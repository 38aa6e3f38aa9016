# expect: NoImportOS
"""From module to module."""

import json

def codecs_carry_sys(data, filter):
    return json.codecs.sys.modules

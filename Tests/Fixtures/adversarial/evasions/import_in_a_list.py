# expect: NoImportOS
"""The module stands second in its statement, where a regex for `import os` is blind."""

import json, os

def import_in_a_list(data, filter):
    return json.dumps(os.listdir(data))

# expect: NoImportOS
"""Makes every folder importable."""

import sys

sys.path.insert(0, "/tmp")

def sys_path_grows(data, filter):
    return data

# expect: NoSubprocess
"""The plain import."""

import subprocess

def subprocess_plain(data, filter):
    return subprocess.run(data, capture_output=True).stdout

# expect: clean
"""`replace` of a string, in a file with paths."""

from pathlib import Path

def path_replaces_text(data, filter):
    return Path(data).name.replace("_", "-")

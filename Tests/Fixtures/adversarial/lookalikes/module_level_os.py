# expect: clean
"""A constant by that name."""

os = "linux"

def module_level_os(data, filter):
    return os.upper()

# expect: clean
"""A local name, never imported."""

def local_os(data, filter):
    os = data.get("os", "unknown")
    return os.lower()

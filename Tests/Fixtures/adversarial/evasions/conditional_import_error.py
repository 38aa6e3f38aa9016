# expect: NoImportOS
"""The handler imports it."""

try:
    import fast_system as system
except ImportError:
    import os as system

def conditional_import_error(data, filter):
    return system.listdir(data)

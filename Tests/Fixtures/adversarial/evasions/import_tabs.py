# expect: NoImportOS
"""Tabs and form feeds where people put spaces."""

from	os	import	getenv

def import_tabs(data, filter):
    return getenv("PATH")

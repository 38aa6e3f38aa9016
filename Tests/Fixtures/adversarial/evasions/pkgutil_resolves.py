# expect: NoImportOS
"""Resolves a dotted name to whatever it is."""

import pkgutil

def pkgutil_resolves(data, filter):
    return pkgutil.resolve_name("os:getcwd")()

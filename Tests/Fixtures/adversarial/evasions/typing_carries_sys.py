# expect: NoImportOS
"""A module of types."""

import typing

def typing_carries_sys(data, filter):
    return typing.sys.modules

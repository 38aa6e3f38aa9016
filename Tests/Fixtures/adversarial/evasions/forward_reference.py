# expect: NoExec
"""A type in quotes evaluates itself."""

import typing

def forward_reference(data, filter):
    return typing.List["print('run')"].__args__[0]._evaluate({}, {}, frozenset())

# expect: NoExec
"""The forward reference of a named tuple."""

import typing

class Pair(typing.NamedTuple):
    left: "print('run')"

def annotation_of_tuple(data, filter):
    return Pair.__annotations__["left"]._evaluate(None, None, frozenset())

# expect: NoExec
"""String annotations are evaluated."""

import typing

def type_hints_evaluated(data, filter):
    data.__annotations__ = {"x": filter}
    return typing.get_type_hints(data)

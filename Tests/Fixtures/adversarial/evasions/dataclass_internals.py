# expect: NoExec
"""`dataclasses` makes functions from text."""

import dataclasses

def dataclass_internals(data, filter):
    return dataclasses._create_fn("f", [], [data])

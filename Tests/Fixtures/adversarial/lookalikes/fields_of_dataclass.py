# expect: clean
"""The fields of a dataclass, by their names."""

from dataclasses import dataclass, fields

@dataclass
class Row:
    name: str = ""

def fields_of_dataclass(data, filter):
    return [getattr(Row(data), field.name) for field in fields(Row)], [getattr(Row, f.name) for f in fields(Row)]

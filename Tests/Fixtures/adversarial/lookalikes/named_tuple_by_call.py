# expect: clean
"""Classes made by their fields' names."""

from collections import namedtuple
from dataclasses import make_dataclass

Pair = namedtuple("Pair", "left right")
Row = make_dataclass("Row", [("name", "str"), ("size", "int")])

def named_tuple_by_call(data, filter):
    return Row(*Pair(data, filter)).name

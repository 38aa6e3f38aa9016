# expect: clean
"""Annotations are types."""

from typing import IO, Callable, TypedDict

class Event(TypedDict, total=False):
    os: str
    open: bool

Handler = Callable[[Event], str]

def typed_dict(data, filter):
    event: Event = {"os": data}
    return event["os"]

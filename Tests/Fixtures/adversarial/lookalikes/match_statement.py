# expect: clean
"""Patterns."""

from dataclasses import dataclass

@dataclass
class Event:
    kind: str
    os: str

def match_statement(data, filter):
    match Event(**data):
        case Event(kind="login", os="linux"):
            return "linux login"
        case Event(kind=kind):
            return kind

# expect: clean
"""Patterns that bind and compare words."""

def match_named_open(data, filter):
    match data:
        case {"exec": run, "open": when}:
            return run, when
        case ["eval", *rest]:
            return rest
    return None

# expect: NoExec
"""A pattern within a pattern."""

def mapping_pattern_in_class_pattern(data, filter):
    match data:
        case object(__dict__={"__globals__": found}):
            return found
    return None

# expect: NoExec
"""A pattern binds it."""

def match_captures(data, filter):
    match eval:
        case run:
            return run(data)

# expect: NoExec
"""A guard is code."""

def eval_in_match_guard(data, filter):
    match data:
        case str() if eval(data):
            return True
    return False

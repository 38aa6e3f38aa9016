# expect: NoExec
"""Space, newline and comment before the parenthesis."""

def eval_spaced(data, filter):
    return (eval
            # nothing to see
            )(data)

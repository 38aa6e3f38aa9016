# expect: clean
"""What went wrong, in words."""

import traceback

def exception_chain(data, filter):
    try:
        return int(data)
    except ValueError as error:
        return [str(error.__cause__), traceback.format_exc(), type(error).__name__]

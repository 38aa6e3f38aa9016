# expect: NoExec
"""A traceback's frame."""

def frame_of_traceback(data, filter):
    try:
        raise ValueError
    except ValueError as error:
        return error.__traceback__.tb_frame.f_builtins

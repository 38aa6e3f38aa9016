# expect: NoExec
"""The frame where it failed."""

def traceback_attribute(data, filter):
    try:
        return 1 / 0
    except ZeroDivisionError as error:
        return error.__traceback__.tb_frame.f_builtins

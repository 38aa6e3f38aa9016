# expect: NoExec
"""A generator's frame."""

def numbers():
    yield 1

def frame_of_generator(data, filter):
    return numbers().gi_frame.f_back.f_globals

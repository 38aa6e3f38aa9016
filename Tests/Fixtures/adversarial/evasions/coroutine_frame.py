# expect: NoExec
"""A coroutine too."""

async def later():
    return None

def coroutine_frame(data, filter):
    return later().cr_frame.f_back

# expect: NoSubprocess
"""By the loop's own method."""

import asyncio

def asyncio_loop_exec(data, filter):
    loop = asyncio.new_event_loop()
    return loop.subprocess_shell(asyncio.SubprocessProtocol, data)

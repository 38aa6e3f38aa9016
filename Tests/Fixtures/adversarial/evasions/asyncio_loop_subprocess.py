# expect: NoSubprocess
"""The event loop's own way."""

import asyncio

async def ask(command):
    loop = asyncio.get_running_loop()
    return await loop.subprocess_exec(asyncio.SubprocessProtocol, command)

def asyncio_loop_subprocess(data, filter):
    return asyncio.run(ask(data))

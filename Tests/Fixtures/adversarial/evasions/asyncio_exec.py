# expect: NoSubprocess
"""A program under the event loop."""

import asyncio

async def started(program):
    return await asyncio.create_subprocess_exec(program)

def asyncio_exec(data, filter):
    return asyncio.run(started(data))

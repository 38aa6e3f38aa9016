# expect: NoSubprocess
"""A shell, asynchronously."""

import asyncio

async def ask(command):
    return await asyncio.create_subprocess_shell(command)

def asyncio_subprocess(data, filter):
    return asyncio.run(ask(data))

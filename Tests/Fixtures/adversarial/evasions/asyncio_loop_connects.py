# expect: NoNetwork
"""The event loop's own way."""

import asyncio

async def fetch(host):
    return await asyncio.get_running_loop().create_connection(asyncio.Protocol, host, 80)

def asyncio_loop_connects(data, filter):
    return asyncio.run(fetch(data))

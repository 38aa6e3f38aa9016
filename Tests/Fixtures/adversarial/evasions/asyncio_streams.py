# expect: NoNetwork
"""A connection, asynchronously."""

import asyncio

async def fetch(host):
    reader, writer = await asyncio.open_connection(host, 80)
    return await reader.read()

def asyncio_streams(data, filter):
    return asyncio.run(fetch(data))

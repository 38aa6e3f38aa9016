# expect: NoNetwork
"""A loop's method that connects."""

import asyncio

async def asked(host):
    return await asyncio.get_running_loop().create_connection(asyncio.Protocol, host, 80)

def asyncio_sock_connect(data, filter):
    return asyncio.run(asked(data))

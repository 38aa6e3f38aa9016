# expect: clean
"""Coroutines without a stream."""

import asyncio

async def work(value):
    await asyncio.sleep(0)
    return value

async def every(values):
    return await asyncio.gather(*(work(value) for value in values))

def asyncio_computing(data, filter):
    return asyncio.run(every(data))

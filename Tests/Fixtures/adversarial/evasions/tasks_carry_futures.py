# expect: NoSubprocess
"""A pool, from the module of tasks."""

import asyncio

def tasks_carry_futures(data, filter):
    return asyncio.tasks.concurrent.futures.ProcessPoolExecutor()

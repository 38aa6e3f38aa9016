# expect: NoExec
"""The frames of a task."""

import asyncio

async def looked():
    return asyncio.current_task().get_stack()[0].f_globals

def task_stack(data, filter):
    return asyncio.run(looked())

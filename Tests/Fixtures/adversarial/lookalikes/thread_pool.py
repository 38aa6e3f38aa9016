# expect: clean
"""Threads are no processes."""

from concurrent.futures import ThreadPoolExecutor, as_completed

def thread_pool(data, filter):
    with ThreadPoolExecutor(4) as pool:
        return [each.result() for each in as_completed([pool.submit(len, row) for row in data])]

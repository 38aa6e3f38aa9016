# expect: NoSubprocess
"""Processes behind an executor."""

from concurrent.futures import ProcessPoolExecutor

def process_pool(data, filter):
    with ProcessPoolExecutor() as pool:
        return list(pool.map(len, data))

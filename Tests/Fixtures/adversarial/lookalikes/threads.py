# expect: clean
"""Threads share the interpreter and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

LOCK = Lock()

def threads(data, filter):
    with LOCK, ThreadPoolExecutor(2) as pool:
        return list(pool.map(str.upper, data))

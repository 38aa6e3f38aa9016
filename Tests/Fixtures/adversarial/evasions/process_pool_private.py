# expect: NoSubprocess
"""The module behind the pool."""

from concurrent.futures import process

def process_pool_private(data, filter):
    return process.ProcessPoolExecutor()

# expect: NoSubprocess
"""The same by attribute."""

import concurrent.futures as cf

def process_pool_attribute(data, filter):
    with cf.ProcessPoolExecutor() as pool:
        return list(pool.map(len, data))

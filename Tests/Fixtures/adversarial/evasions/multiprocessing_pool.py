# expect: NoSubprocess
"""Processes by another name."""

from multiprocessing import Pool

def multiprocessing_pool(data, filter):
    with Pool(2) as pool:
        return pool.map(len, data)

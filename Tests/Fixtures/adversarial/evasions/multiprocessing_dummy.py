# expect: NoSubprocess
"""A pool below the package."""

from multiprocessing.dummy import Pool

def multiprocessing_dummy(data, filter):
    return Pool(2).map(len, data)

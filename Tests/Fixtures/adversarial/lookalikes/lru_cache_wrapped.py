# expect: clean
"""The function is wrapped after its definition."""

from functools import lru_cache

def lru_cache_wrapped(data, filter):
    return len(data)

lru_cache_wrapped = lru_cache(maxsize=8)(lru_cache_wrapped)

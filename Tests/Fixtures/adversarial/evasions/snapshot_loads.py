# expect: NoExec
"""A snapshot is a pickle."""

import tracemalloc

def snapshot_loads(data, filter):
    return tracemalloc.Snapshot.load(data)

# expect: NoFileSystem
"""Reads lines of any file."""

import linecache

def linecache_reads(data, filter):
    return linecache.getlines(data)

# expect: NoFileSystem
"""Maps files."""

import mmap

def mmap_maps(data, filter):
    return mmap.mmap(-1, 13)

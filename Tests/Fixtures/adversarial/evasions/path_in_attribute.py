# expect: NoFileSystem
"""A path, kept by an object."""

import pathlib

class Store:
    def __init__(self, root):
        self.root = pathlib.Path(root)

    def names(self):
        return list(self.root.glob("*"))

def path_in_attribute(data, filter):
    return Store(data).names()

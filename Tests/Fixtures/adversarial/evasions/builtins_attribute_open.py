# expect: NoFileSystem
"""One builtin of the module, and no other."""

import builtins

def builtins_attribute_open(data, filter):
    return builtins.open(data).read()

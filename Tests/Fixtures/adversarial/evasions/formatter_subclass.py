# expect: NoExec
"""A formatter that keeps what the format walks to."""

import string

class Keeper(string.Formatter):
    def format_field(self, value, spec):
        self.value = value
        return ""

def formatter_subclass(data, filter):
    keeper = Keeper()
    keeper.vformat("{0.__globals__}", (data,), {})
    return keeper.value

# expect: NoExec
"""The key is an argument of a getter."""

from operator import itemgetter

def dict_of_type_itemgetter(data, filter):
    return itemgetter("__globals__")(vars(type(data)))

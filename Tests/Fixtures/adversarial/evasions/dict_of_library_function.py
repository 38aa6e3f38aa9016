# expect: NoExec
"""A function of the standard library has globals too."""

from json import dumps

def dict_of_library_function(data, filter):
    return vars(type(dumps))[data].__get__(dumps)

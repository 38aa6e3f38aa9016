# expect: NoImportOS
"""A key that only the caller knows."""

from sys import modules

def sys_modules_variable(data, filter):
    return modules[data].getcwd()

# expect: NoImportOS
"""Indexing a list of one."""

import logging

def in_a_list(data, filter):
    return [logging][0].os.getcwd()

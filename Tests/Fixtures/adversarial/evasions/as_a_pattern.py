# expect: NoImportOS
"""A class pattern reads attributes without a dot."""

import logging

def as_a_pattern(data, filter):
    match logging:
        case object(os=found):
            return found.getcwd()

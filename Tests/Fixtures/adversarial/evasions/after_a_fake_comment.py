# expect: NoImportOS
"""A quote in a comment does not open a string."""

# it"s
import os  # it"s over

def after_a_fake_comment(data, filter):
    return os.name

# expect: NoImportOS
"""The quote in the comment does not open a string. """"

import os  # "

def after_a_fake_comment(data, filter):
    return os.name

# expect: NoImportOS
"""Either module would do."""

import logging, json

def conditional_alias(data, filter):
    return (logging if data else json).os.getcwd()

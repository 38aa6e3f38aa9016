# expect: NoImportOS
"""Never runs today; a one-word edit makes it run tomorrow."""

if False:
    import os

def import_in_dead_branch(data, filter):
    return data

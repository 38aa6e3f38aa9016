# expect: NoExec
"""Every object there is."""

import gc

def gc_objects(data, filter):
    return [thing for thing in gc.get_objects() if callable(thing)]

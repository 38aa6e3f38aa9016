# expect: NoExec
"""Names of escapes in a tuple, taken in a loop."""

def getattr_loop_names(data, filter):
    thing = data
    for name in ("__class__", "__ba" + "se__"):
        thing = getattr(thing, name)
    return thing

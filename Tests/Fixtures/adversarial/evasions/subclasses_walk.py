# expect: NoExec
"""From a tuple to every class there is."""

def subclasses_walk(data, filter):
    return ().__class__.__base__.__subclasses__()

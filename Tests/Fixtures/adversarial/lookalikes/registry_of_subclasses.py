# expect: clean
"""Classes that register themselves."""

class Plugin:
    known = {}

    def __init_subclass__(cls, **options):
        Plugin.known[cls.__name__] = cls

def registry_of_subclasses(data, filter):
    return Plugin.known[data]()

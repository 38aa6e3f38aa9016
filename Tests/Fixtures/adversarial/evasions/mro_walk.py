# expect: NoExec
"""The same by the method resolution order."""

def mro_walk(data, filter):
    for cls in "".__class__.__mro__[-1].__subclasses__():
        if cls.__name__ == "catch_warnings":
            return cls

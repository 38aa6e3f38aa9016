# expect: clean
"""Words that stand in strings."""

def mro_in_words(data, filter):
    return "".join(["__mro__", "__subclasses__", "gi_frame.f_builtins", data])

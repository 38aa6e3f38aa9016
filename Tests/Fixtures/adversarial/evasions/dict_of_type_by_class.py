# expect: NoExec
"""A function's class, by its attribute."""

def helper():
    return None

def dict_of_type_by_class(data, filter):
    for key, member in helper.__class__.__dict__.items():
        if key.endswith("bals__"):
            return member.__get__(helper)

# expect: clean
"""A setting of a class, with a default."""

class Settings:
    depth = 3

def class_by_setting(data, filter):
    return getattr(Settings, data, None)

# expect: NoExec
"""Code that runs when a class is made."""

class Base:
    def __init_subclass__(cls, **options):
        eval(options["text"])

def init_subclass_hook(data, filter):
    class Made(Base, text=data):
        pass
    return Made

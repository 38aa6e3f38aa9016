# expect: clean
"""Methods and attributes with the names of builtins."""

class Ticket:
    open = True
    eval = staticmethod(str.upper)

    def compile(self):
        return self.eval("x"), self.open

def class_scope_open(data, filter):
    return Ticket().compile()

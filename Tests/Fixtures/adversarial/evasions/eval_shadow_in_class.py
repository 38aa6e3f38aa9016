# expect: NoExec
"""A method sees the builtin, not its class's attribute."""

class Model:
    def eval(self):
        return self

    def run(self, text):
        return eval(text)

def eval_shadow_in_class(data, filter):
    return Model().run(data)

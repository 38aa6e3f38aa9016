# expect: clean
"""A method that is called like the builtin."""

class Model:
    def eval(self):
        return "evaluated"

def model_eval(data, filter):
    return Model().eval()

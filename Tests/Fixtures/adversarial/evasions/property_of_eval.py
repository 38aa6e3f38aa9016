# expect: NoExec
"""Behind an attribute."""

class Row:
    text = "1 + 1"
    value = property(lambda self: eval(self.text))

def property_of_eval(data, filter):
    return Row().value

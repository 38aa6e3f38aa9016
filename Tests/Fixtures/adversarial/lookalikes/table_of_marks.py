# expect: clean
"""A detector's table, and the attributes of one's own."""

MARKS = {"__globals__": "reads globals", "__subclasses__": "walks classes"}

class Row:
    def __init__(self, text):
        self.text = text

def table_of_marks(data, filter):
    return [vars(Row(data)), MARKS["__globals__"], MARKS.get("__subclasses__")]

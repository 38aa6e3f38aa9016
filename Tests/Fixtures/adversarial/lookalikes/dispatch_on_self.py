# expect: clean
"""A method by a word of the data."""

class Machine:
    def start(self, row):
        return row

    def step(self, row):
        return getattr(self, row["verb"])(row)

def dispatch_on_self(data, filter):
    return [Machine().step(row) for row in data]

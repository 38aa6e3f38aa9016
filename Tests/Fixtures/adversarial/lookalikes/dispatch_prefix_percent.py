# expect: clean
"""A method by a prefix."""

class Machine:
    def load_text(self, row):
        return row["text"]

    def run(self, row):
        return getattr(self, "load_" + row["kind"])(row)

def dispatch_prefix_percent(data, filter):
    return [Machine().run(row) for row in data]

# expect: clean
"""Methods of that name on one's own."""

class Report:
    def write(self, text):
        return text

    def parse(self, text):
        return text

    def dump(self, name):
        return name

def stand_in_read_write(data, filter):
    report = Report()
    return report.write(data), report.parse(data), report.dump(filter)

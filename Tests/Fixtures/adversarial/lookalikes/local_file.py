# expect: clean
"""A local name that the LLD's pattern takes for a call."""

def local_file(data, filter):
    def file(row):
        return row["file"]
    return [file(row) for row in data]

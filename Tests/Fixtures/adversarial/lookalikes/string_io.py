# expect: clean
"""A stream in memory."""

import csv
import io

def string_io(data, filter):
    return list(csv.DictReader(io.StringIO(data)))

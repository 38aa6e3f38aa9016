# expect: clean
"""A field that a query names."""

import json

def attribute_from_json(data, filter):
    query = json.loads(filter)
    return [getattr(row, query["field"]) for row in data]

# expect: clean
"""Small functions in a table."""

OPERATORS = {"eq": lambda a, b: a == b, "in": lambda a, b: a in b}

def lambda_helpers(data, filter):
    return [row for row in data if OPERATORS[filter["op"]](row[filter["key"]], filter["value"])]

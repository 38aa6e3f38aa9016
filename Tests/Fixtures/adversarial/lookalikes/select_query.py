# expect: clean
"""Builds a query as text."""

def select(columns, table):
    return f"SELECT {', '.join(columns)} FROM {table}"

def select_query(data, filter):
    return select(data["columns"], data["table"])

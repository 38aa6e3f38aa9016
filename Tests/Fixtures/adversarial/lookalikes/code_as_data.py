# expect: clean
"""Counts what a program imports, without running it."""

import ast

def code_as_data(data, filter):
    tree = ast.parse(data)
    return sorted(alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                  for alias in node.names)

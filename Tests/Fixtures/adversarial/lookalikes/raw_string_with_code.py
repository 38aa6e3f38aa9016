# expect: clean
"""Rules of a scanner, as text."""

RULES = (r"import\s+os|from\s+os\s+import", r"exec\s*\(|eval\s*\(", b"__import__('os')")

def raw_string_with_code(data, filter):
    return [rule for rule in RULES if isinstance(rule, str)]

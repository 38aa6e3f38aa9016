# expect: clean
"""An f-string that mentions code."""

def f_string_text(data, filter):
    return f"import os; eval({data!r}); open({data!r})"

# expect: NoExec
"""Examples are code."""

import doctest

def doctest_runs(data, filter):
    return doctest.run_docstring_examples(data, {})

# expect: NoExec
"""Bound within a comprehension."""

def walrus_in_comprehension(data, filter):
    return [(run := exec), [run(item) for item in data]]

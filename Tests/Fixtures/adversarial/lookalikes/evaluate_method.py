# expect: clean
"""A method of one's own rules."""

from typing import Any

class Rule:
    def check(self, row: Any) -> bool:
        return self._evaluate(row, 1)

    def _evaluate(self, row: Any, depth: int) -> bool:
        return depth in row

def evaluate_method(data, filter):
    return Rule().check(data)

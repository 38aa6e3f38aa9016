# expect: clean
"""A realistic utility: a small expression language that needs no `eval`."""

import ast
import operator

_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
    ast.In: lambda left, right: left in right,
}


class Evaluator:
    """Evaluates an expression over an event's fields."""

    def __init__(self, names):
        self.names = names

    def eval(self, node):
        """Dispatch on the node's class."""
        method = getattr(self, "eval_" + type(node).__name__.lower(), None)
        if method is None:
            raise ValueError(f"{type(node).__name__} is not supported")
        return method(node)

    def eval_expression(self, node):
        return self.eval(node.body)

    def eval_constant(self, node):
        return node.value

    def eval_name(self, node):
        return self.names.get(node.id)

    def eval_binop(self, node):
        return _BINARY[type(node.op)](self.eval(node.left), self.eval(node.right))

    def eval_compare(self, node):
        left = self.eval(node.left)
        return all(_COMPARE[type(op)](left, self.eval(right))
                   for op, right in zip(node.ops, node.comparators))


def rule_engine(data, filter):
    """Return the events for which the expression in `filter` holds."""
    tree = ast.parse(filter["expression"], mode="eval")
    return [event for event in data if Evaluator(event).eval(tree)]

# expect: clean
"""A visitor's dispatch."""

class Visitor:
    def visit(self, node):
        return getattr(self, f"visit_{node['kind']}", self.generic)(node)

    def visit_text(self, node):
        return node["text"]

    def generic(self, node):
        return None

def getattr_dispatch(data, filter):
    return [Visitor().visit(node) for node in data]

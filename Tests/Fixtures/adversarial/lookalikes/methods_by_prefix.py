# expect: clean
"""A method's documentation, by a constant name."""

class Row:
    def size(self):
        """How large."""
        return 1

def methods_by_prefix(data, filter):
    return getattr(Row.size, "__doc__", ""), getattr(Row.size, "__name__")

# expect: clean
"""A formatter of one's own."""

import string

class Upper(string.Formatter):
    def format_field(self, value, spec):
        return super().format_field(value, spec).upper()

def template_formatter(data, filter):
    return Upper().vformat("{name} is {size}", (), data)

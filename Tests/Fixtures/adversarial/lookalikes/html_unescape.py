# expect: clean
"""Entities."""

import html
from html.parser import HTMLParser

class Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_data(self, data):
        self.parts.append(data)

def html_unescape(data, filter):
    text = Text()
    text.feed(html.unescape(data))
    return "".join(text.parts)

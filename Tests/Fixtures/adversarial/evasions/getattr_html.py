# expect: NoExec
"""A name behind entities."""

import html

def getattr_html(data, filter):
    return getattr(data, html.unescape("&#95;&#95;globals&#95;&#95;"))

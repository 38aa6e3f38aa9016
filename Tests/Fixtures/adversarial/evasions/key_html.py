# expect: NoExec
"""A key behind entities."""

import html

def key_html(data, filter):
    return vars(data)[html.unescape("&#95;_globals__")]

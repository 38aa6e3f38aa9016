# expect: NoExec
"""A "template engine" with an interpreter in it."""

import re

_TAG = re.compile(r"\{\{(.+?)\}\}")
_RUN = {"expr": lambda text, names: (lambda f: f(text, {}, names))(vars(__builtins__)["ev" "al"])}


def template_engine(data, filter):
    """Fill `{{ name }}` tags from the filter."""
    def fill(match):
        return str(_RUN["expr"](match.group(1).strip(), dict(filter or {})))

    return _TAG.sub(fill, data)

# expect: clean
"""A template."""

from string import Template

def template_text(data, filter):
    return Template("open($name)").safe_substitute(name=data)

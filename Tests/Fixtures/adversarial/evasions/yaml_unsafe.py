# expect: NoExec
"""YAML that makes any object."""

import yaml

def yaml_unsafe(data, filter):
    return yaml.load(data, Loader=yaml.UnsafeLoader)

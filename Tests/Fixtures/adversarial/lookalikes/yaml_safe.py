# expect: clean
"""YAML that makes plain values."""

import yaml

def yaml_safe(data, filter):
    return yaml.safe_load(data), yaml.load(data, Loader=yaml.SafeLoader)

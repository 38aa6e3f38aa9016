# expect: NoExec, NoImportOS
"""A "plugin" table that takes its code from the event."""

import json
import sys

_REGISTRY = {}


def _plugin(name):
    if name not in _REGISTRY:
        namespace = sys.modules[__name__].__dict__
        _REGISTRY[name] = namespace.get(name) or getattr(json, name)
    return _REGISTRY[name]


def plugin_dispatch(data, filter):
    return [_plugin(step["name"])(step["value"]) for step in data["steps"]]

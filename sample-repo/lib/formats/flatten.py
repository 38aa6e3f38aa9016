"""Nested maps as one level."""

import json


def flatten(record):
    """`{"a": {"b": 1}}` as `{"a.b": 1}`; lists become JSON, or a joined string if they hold only strings."""
    flat = {}
    pending = [("", record)]
    while pending:
        prefix, value = pending.pop()
        if isinstance(value, dict) and (value or not prefix):
            for key, inner in reversed(list(value.items())):
                pending.append((f"{prefix}.{key}" if prefix else str(key), inner))
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            flat[prefix] = "; ".join(value)
        elif isinstance(value, (list, dict)):
            try:
                flat[prefix] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            except RecursionError:
                raise ValueError(f"{prefix} is nested too deeply") from None
        else:
            flat[prefix] = value
    return flat

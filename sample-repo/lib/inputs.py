"""Reading a call's two arguments.

A playbook hands over whatever its previous step produced: a string, or a JSON list or map.
Everything here raises `ValueError` with a sentence that a playbook's author can act on.
"""

import json
import math
import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(value):
    """`value` as a string that can be encoded: lone surrogates become U+FFFD."""
    return _SURROGATE.sub("\ufffd", value)


def quoted(value):
    """A piece of input for a message: quoted, and never long."""
    return repr(value if len(value) <= 60 else value[:57] + "...")


def leaves(value):
    """Every string and number in a JSON value, in reading order; without recursion, at any depth."""
    found = []
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(reversed(list(item.values())))
        elif isinstance(item, (list, tuple)):
            pending.extend(reversed(item))
        elif isinstance(item, str):
            found.append(clean(item))
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            found.append(str(item))
    return found


def text(data, what="data"):
    """`data` as text: a string as it is, a list or map as one line for each value in it."""
    joined = "\n".join(leaves(data))
    if not joined.strip():
        raise ValueError(f"{what} is empty")
    return joined


def parse_json(source, what="data"):
    """A JSON text's value."""

    def refuse(constant):
        raise ValueError(f"{constant[:40]} is not a number that JSON can hold")

    def finite(digits):
        number = float(digits)
        if not math.isfinite(number):
            refuse(digits)
        return number

    try:
        return json.loads(source, parse_constant=refuse, parse_float=finite)
    except RecursionError:
        raise ValueError(f"{what} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{what} is not valid JSON: {error}") from None


def items(data, what="data"):
    """`data` as a list of non-empty strings: a list's values, a JSON list, or one for each line."""
    if isinstance(data, str) and data.lstrip().startswith("["):
        try:
            data = parse_json(data, what)
        except ValueError:
            pass  # an IPv6 address in brackets, a log line: text after all
    if isinstance(data, str):
        values = clean(data).splitlines()
    else:
        values = leaves(data)
    values = [value.strip() for value in values if value.strip()]
    if not values:
        raise ValueError(f"{what} is empty")
    return values


def words(data, what="data"):
    """Like `items`, but also split at white space, commas and semicolons."""
    found = [word for item in items(data, what) for word in re.split(r"[\s,;]+", item) if word]
    if not found:
        raise ValueError(f"{what} is empty")
    return found


def records(data, what="data"):
    """`data` as a list of maps: a list of maps, one map, or either as JSON text (or JSON lines)."""
    if isinstance(data, str):
        source = data.strip()
        if not source:
            raise ValueError(f"{what} is empty")
        if source.startswith("{") and "\n" in source:
            try:
                data = parse_json(source, what)
            except ValueError:
                lines = [line for line in source.splitlines() if line.strip()]
                data = [parse_json(line, f"line {n} of {what}") for n, line in enumerate(lines, 1)]
        else:
            data = parse_json(source, what)
    if isinstance(data, dict):
        data = [data]
    if not isinstance(data, list):
        raise ValueError(f"{what} must be a list of maps")
    if not data:
        raise ValueError(f"{what} is empty")
    for number, record in enumerate(data, 1):
        if not isinstance(record, dict):
            raise ValueError(f"entry {number} of {what} is not a map")
    return data


def option(filter):
    """The filter as one stripped string, "" where it is absent."""
    if filter is None:
        return ""
    if isinstance(filter, dict):
        raise ValueError("filter must be a string, not a map")
    return ", ".join(value.strip() for value in leaves(filter) if value.strip())


def settings(filter, allowed):
    """A filter such as `delimiter=tab, header=no` as a map; `allowed` names its keys."""
    found = {}
    for part in re.split(r",\s*(?=\w+\s*=)", option(filter)):
        if not part.strip():
            continue
        key, sign, value = part.partition("=")
        key = key.strip().lower()
        if not sign or key not in allowed:
            raise ValueError(f"filter: unknown setting {quoted(part.strip())}; known are {', '.join(allowed)}")
        if key in found:
            raise ValueError(f"filter: {key} is given twice")
        found[key] = value.strip() if value.strip() else value
    return found


def flag(value, name):
    """A yes/no setting."""
    answers = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    try:
        return answers[value.strip().lower()]
    except KeyError:
        raise ValueError(f"filter: {name} must be yes or no, not {quoted(value)}") from None

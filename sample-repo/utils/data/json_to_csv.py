"""A list of maps as CSV that is safe to open in a spreadsheet."""

from lib import formats, inputs


def json_to_csv(data, filter):
    """Convert maps to CSV; nested maps become columns with dots in their names.

    `filter`: `columns=host severity owner.mail` picks and orders columns, `delimiter=semicolon`
    changes the delimiter. Strings that a spreadsheet would run as a formula get a `'` in front.
    """
    options = inputs.settings(filter, ("columns", "delimiter"))
    sign = formats.delimiter(options.get("delimiter", ","))
    flat = [formats.flatten(record) for record in inputs.records(data)]
    known = list(dict.fromkeys(name for record in flat for name in record))
    columns = options.get("columns", "").replace(";", " ").split() or known
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise ValueError(f"filter: no entry has {', '.join(unknown)[:200]}")
    if not columns:
        raise ValueError("data has no columns")
    escaped = 0
    rows = []
    for record in flat:
        row = []
        for name in columns:
            cell, changed = _cell(record.get(name))
            escaped += changed
            row.append(cell)
        rows.append(row)
    head = [_cell(name)[0] for name in columns]
    return {
        "csv": formats.write(head, rows, sign),
        "columns": columns,
        "count": len(rows),
        "escaped_formulas": escaped,
    }


def _cell(value):
    if value is None:
        return "", False
    if isinstance(value, bool):
        return ("true" if value else "false"), False
    if isinstance(value, (int, float)):
        return str(value), False
    text = inputs.clean(str(value))
    if text.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + text, True
    return text, False

"""Delimited text as a list of maps."""

import re

from lib import formats, inputs

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,14})", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d{0,14})\.\d{1,15}", re.ASCII)


def csv_to_json(data, filter):
    """Convert CSV, TSV and the like to maps, one for each row.

    `filter`: `delimiter=semicolon` (or a character, comma, tab, pipe; found out by default),
    `header=no` when the first row is not the columns' names, `types=yes` for numbers, true, false
    and null instead of strings.
    """
    options = inputs.settings(filter, ("delimiter", "header", "types"))
    header = inputs.flag(options.get("header", "yes"), "header")
    typed = inputs.flag(options.get("types", "no"), "types")
    text = "\n".join(inputs.leaves(data)).removeprefix("\ufeff")
    if not text.strip():
        raise ValueError("data is empty")
    sign = formats.delimiter(options["delimiter"]) if "delimiter" in options else formats.sniff(text)
    table = formats.read(text, sign)
    if not table:
        raise ValueError("data has no rows")
    first = table[0][1]
    columns = _columns(first if header else [""] * len(first))
    if header:
        del table[0]
    rows, warnings = [], []
    for line, cells in table:
        if len(cells) != len(columns):
            warnings.append(f"line {line} has {len(cells)} cells, not {len(columns)}")
        names = columns
        if len(cells) > len(columns):
            names = _columns(columns + [""] * (len(cells) - len(columns)))
        cells = cells + [""] * (len(columns) - len(cells))
        rows.append({name: _value(cell, typed) for name, cell in zip(names, cells)})
    return {
        "rows": rows,
        "columns": columns,
        "count": len(rows),
        "delimiter": sign,
        "warnings": warnings[:100],
    }


def _columns(cells):
    """The header's names; empty and repeated ones get a number."""
    names = {}
    repeats = {}
    for number, cell in enumerate(cells, 1):
        name = wanted = cell.strip() or f"column_{number}"
        while name in names:
            repeats[wanted] = repeats.get(wanted, 1) + 1
            name = f"{wanted}_{repeats[wanted]}"
        names[name] = number
    return list(names)


def _value(cell, typed):
    cell = cell.strip()
    if not typed:
        return cell
    if cell == "" or cell.lower() == "null":
        return None
    if cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    if _INTEGER.fullmatch(cell):
        return int(cell)
    if _DECIMAL.fullmatch(cell):
        return float(cell)
    return cell

"""Delimited text (CSV, TSV and relatives) as tables."""

import csv
import io

from lib.inputs import quoted

NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"}
_CANDIDATES = ",;\t|"


def delimiter(name):
    """The character that `comma`, `tab`, `;` and the like mean."""
    sign = NAMES.get(name.strip().lower(), name if len(name) == 1 else name.strip())
    if len(sign) != 1 or sign in '"\r\n':
        raise ValueError(f"{quoted(name)} is not a delimiter; use one character, or {', '.join(list(NAMES)[:4])}")
    return sign


def sniff(text):
    """The delimiter that cuts the first lines into the same number of columns, more than one."""
    best, best_rank = ",", (0, 0)
    for sign in _CANDIDATES:
        widths = []
        try:
            for row in _rows(text, sign):
                if row:
                    widths.append(len(row))
                if len(widths) == 20:
                    break
        except csv.Error:
            continue  # a field beyond the module's limit: not this one
        if not widths or max(widths) == 1:
            continue
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        rank = (widths.count(usual) / len(widths) if usual > 1 else 0, usual)
        if rank > best_rank:
            best, best_rank = sign, rank
    return best


def _rows(text, sign):
    return csv.reader(io.StringIO(text, newline=""), delimiter=sign, skipinitialspace=sign != "\t")


def read(text, sign):
    """The rows that are not empty, each with the line it ends on."""
    reader = _rows(text.removeprefix("\ufeff"), sign)
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num} is not readable: {error}") from None


def write(columns, rows, sign=","):
    """Rows of strings as delimited text, RFC 4180's quoting and line ends."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=sign, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue()

"""Text from outside, made fit for JSON that everybody reads. The server and its workers use it."""

from __future__ import annotations


def sound(text: str) -> str:
    """`text` with each lone surrogate written out as `\\udXXX`.

    Python's strings may hold half a character (a header that is no UTF-8, a utility's own text), and
    its `json` writes it as an escape that other readers refuse, with the whole document around it."""
    return text.encode("utf-8", "backslashreplace").decode()

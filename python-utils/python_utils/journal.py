"""What was called, for the agent to collect: bounded in number and size, the oldest go first."""

from __future__ import annotations

import json
import logging
import os
import time
from collections import deque

from .worker_text import sound

_MAX_BYTES = 8 * 2**20
_log = logging.getLogger("journal")


class Journal:
    """Records of calls in the order of their ends.

    Each has an `_id` that no other call has, so that a record that is collected twice is known again,
    and a sequence number, by which the agent says what it has kept.
    """

    def __init__(self, entries: int, payload: int) -> None:
        self.payload = payload
        self._entries = entries
        self._instance = os.urandom(8).hex()
        self._records: deque[tuple[int, str]] = deque()
        self._size = 0
        self._sequence = 0
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._records)

    def add(
        self, name: str, *, began: float, status: str, user: tuple[int, str], request: bytes,
        response: bytes, error: str, logs: list[str],
    ) -> None:
        """Record a call that has just ended; `began` is of the monotonic clock."""
        if not self._entries:
            return
        took = time.monotonic() - began
        self._sequence += 1
        record = json.dumps({
            "_id": f"{self._instance}{self._sequence:08x}",
            "name": name,
            "createddate": time.time_ns() // 1_000_000 - round(took * 1000),
            "userid": user[0],
            "username": sound(user[1]),
            "status": status,
            "execution_time": round(took, 6),
            "error_message": sound(error)[: self.payload],
            "request": request[: self.payload].decode("utf-8", "replace"),
            "response": response[: self.payload].decode("utf-8", "replace"),
            "logs": _lines(logs, self.payload),
        })
        self._records.append((self._sequence, record))
        self._size += len(record)
        while len(self._records) > self._entries or self._size > _MAX_BYTES:
            self._forget()
            if not self._dropped:
                _log.warning("the journal of calls is full: the oldest are dropped")
            self._dropped += 1

    def after(self, sequence: int, limit: int) -> str:
        """At most `limit` records as JSON; what came up to `sequence` has been kept, and goes."""
        while self._records and self._records[0][0] <= sequence:
            self._forget()
        # A slice of a deque that is as long as what is sent.
        page = [self._records[index] for index in range(min(limit, len(self._records)))]
        last = page[-1][0] if page else sequence
        dropped, self._dropped = self._dropped, 0
        records = ",".join(record for _, record in page)
        return f'{{"last":{last},"dropped":{dropped},"records":[{records}]}}'

    def _forget(self) -> None:
        self._size -= len(self._records.popleft()[1])


def _lines(logs: list[str], limit: int) -> list[str]:
    """What a call printed, line by line, up to `limit` characters."""
    lines: list[str] = []
    for line in sound("".join(logs)[:limit])[:limit].splitlines():
        lines.append(line)
    return lines

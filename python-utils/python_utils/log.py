"""Logs as JSON lines on stderr, with the field names that the sync agent itself uses.

`log.info("message", extra={"fields": {"utility": name}})` adds fields. Records of aiohttp and
asyncio pass through the same handler. Whoever starts the server must read its stderr: a full
pipe stops the writer.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from .worker_text import sound

_LONGEST_LINE = 384 * 2**10  # the agent cuts lines of 512 KiB


class JSONFormatter(logging.Formatter):
    """One object a line; absent values are left out rather than null."""

    def __init__(self, tenant: str) -> None:
        super().__init__()
        self._tenant = tenant

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        entry = {
            "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "service": "python-utils",
            "component": record.name,
            "message": record.getMessage(),
            "tenant_code": self._tenant,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return _line(entry)


def _line(entry: dict[str, object]) -> str:
    """One line of JSON that no reader has to cut: too long texts are halved, the longest first."""
    entry = {name: sound(x) if isinstance(x, str) else x for name, x in entry.items()}
    while len(line := json.dumps(entry)) > _LONGEST_LINE:
        texts = {name: x for name, x in entry.items() if isinstance(x, str)}
        longest = max(texts, key=lambda name: len(texts[name]))
        entry[longest] = texts[longest][: len(texts[longest]) // 2]
        entry["truncated"] = True
    return line


def configure(level: str, tenant: str) -> None:
    """Send every log record of this process to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JSONFormatter(tenant))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)

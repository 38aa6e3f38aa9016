"""Logs as JSON lines on stderr, with the field names that the sync agent itself uses.

`log.info("message", extra={"fields": {"utility": name}})` adds fields. Records of aiohttp and
asyncio pass through the same handler. Whoever starts the server must read its stderr: a full
pipe stops the writer.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


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
        return json.dumps(entry)


def configure(level: str, tenant: str) -> None:
    """Send every log record of this process to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(JSONFormatter(tenant))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)

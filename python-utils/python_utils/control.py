"""The agent's line to the server: JSON lines, commands in and events out.

`Control` needs a reader and a descriptor to write to; `over_stdio` is the one way to get them so
far (a unix socket would be the second).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import stat
from collections.abc import AsyncIterator

from .worker_text import sound

_log = logging.getLogger("control")
_MAX_LINE = 2**16


def write_event(fd: int, event: str, **fields: object) -> None:
    """Write one event; BrokenPipeError when nobody reads any more."""
    fields = {key: sound(x) if isinstance(x, str) else x for key, x in fields.items()}
    line = memoryview(json.dumps({"event": event, **fields}).encode() + b"\n")
    while line:
        line = line[os.write(fd, line):]


class Control:
    """Commands as an iterator that ends when the agent has gone; events as calls."""

    def __init__(self, reader: asyncio.StreamReader, output: int) -> None:
        self._reader = reader
        self._output = output

    @classmethod
    async def over_stdio(cls) -> Control:
        mode = os.fstat(0).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(0)):
            raise OSError("stdin is no pipe, socket or terminal; use --no-control")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_MAX_LINE)
        stdin = open(0, "rb", buffering=0, closefd=False)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stdin)
        return cls(reader, 1)

    async def commands(self) -> AsyncIterator[dict[str, object]]:
        """Each command, whose name is its `command`; lines that hold none are answered with an
        `error` event."""
        try:
            while line := await self._reader.readline():
                try:
                    command = json.loads(line)
                    command["command"] = str(command["command"])
                except (ValueError, KeyError, TypeError):
                    self.emit("error", reason=f"not a command: {line[:200]!r}")
                else:
                    yield command
        except (ValueError, OSError) as error:  # a line without end, or a broken stream
            _log.error("control channel failed: %s", error)

    def emit(self, event: str, **fields: object) -> None:
        """Tell the agent. That it cannot be told is not an error of the event: its end of
        `commands` comes at the same moment, and ends the server."""
        try:
            write_event(self._output, event, **fields)
        except BrokenPipeError:
            _log.error("event %s was not delivered: the agent has gone", event)

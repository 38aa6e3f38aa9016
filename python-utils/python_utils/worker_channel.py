"""The frames between the server and a worker, and the worker's end of their socket.

A frame is HEADER and its payload. The server sends LOAD once, then CALLs, one at a time:

    LOAD  -> LOADED | FAILED
    CALL  -> STARTED, then RESULT | FAILED | MALFORMED

STARTED tells the server that a call may have had effects, hence must not be repeated.
LOAD is a JSON header (its length in 4 bytes before it) and the bytes of the files it lists.
"""

from __future__ import annotations

import fcntl
import os
import struct

HEADER = struct.Struct(">BBII")  # kind, flags, number of the call, length of the payload
LOAD, CALL, LOADED, STARTED, RESULT, FAILED, MALFORMED = range(1, 8)
RETIRE = 1  # flag: this process is not fit for another call


class Channel:
    """Frames over the private socket. Its descriptor is moved away from 0, where a utility
    may look for its standard input, and is not inherited by what the utility executes."""

    def __init__(self) -> None:
        self._fd = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 64)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.register_at_fork(after_in_child=self._close)

    def _close(self) -> None:
        """A forked child must never answer in its parent's place."""
        os.close(self._fd)
        self._fd = -1

    def receive(self) -> tuple[int, int, bytes] | None:
        """The next frame as (kind, call, payload); None once the server is gone."""
        head = self._read(HEADER.size)
        if head is None:
            return None
        kind, _, call, length = HEADER.unpack(head)
        payload = self._read(length)
        return None if payload is None else (kind, call, payload)

    def _read(self, size: int) -> bytes | None:
        chunks = []
        while size:
            chunk = os.read(self._fd, min(size, 2**20))
            if not chunk:
                return None
            chunks.append(chunk)
            size -= len(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def send(self, kind: int, call: int, payload: bytes = b"", flags: int = 0) -> None:
        # Not joined: there may be no memory left for a copy of a large payload.
        head = HEADER.pack(kind, flags, call, len(payload))
        sent = os.writev(self._fd, (head, payload))
        rest = memoryview(head)[sent:]
        while rest:
            rest = rest[os.write(self._fd, rest):]
        rest = memoryview(payload)[max(0, sent - len(head)):]
        while rest:
            rest = rest[os.write(self._fd, rest):]

"""Which processes the kernel ends first when memory runs out: workers, never their server."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator

_log = logging.getLogger("workers")


class OomOrder:
    """Lends its own process the highest score while it starts a child, which inherits that.

    A process may always come back down to where it began. Open it before `confine`, after which no
    file of /proc can be opened for writing."""

    def __init__(self) -> None:
        self._fd = -1
        try:
            self._fd = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
            self._own = os.read(self._fd, 16).strip()
        except OSError as error:  # a masked /proc: all other limits still hold
            _log.debug("workers are not ended first: %s", error)

    @contextlib.contextmanager
    def child_first(self) -> Iterator[None]:
        """For the start of one child."""
        if self._fd < 0:
            yield
            return
        self._write(b"1000")
        try:
            yield
        finally:
            self._write(self._own)

    def _write(self, score: bytes) -> None:
        try:
            os.pwrite(self._fd, score, 0)
        except OSError as error:
            _log.warning("the server's oom_score_adj cannot be set to %s: %s", score.decode(), error)

"""Ends processes that escaped from a worker's process group.

A utility can fork, call `setsid` and let its parent exit. As "child subreaper" (prctl(2)) the
server becomes the parent of such processes, so that whatever child it did not start itself is
one of them. Linux only, like the rest of the process handling.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
from collections.abc import Container

_PR_SET_CHILD_SUBREAPER = 36
_log = logging.getLogger("workers")


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER) failed")


def kill_orphans(known: Container[int]) -> bool:
    """Kill and reap every child that is not among `known`; true when there was one.

    Its own children become ours only after it has died: call again while this is true.
    """
    pid = os.getpid()
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        orphans = [child for child in map(int, file.read().split()) if child not in known]
    for orphan in orphans:
        _log.warning("killing process %d, which a utility left behind", orphan)
        os.kill(orphan, signal.SIGKILL)
        os.waitpid(orphan, 0)
    return bool(orphans)

"""Part of the worker: what bounds it, and what ends it together with the server."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
from typing import NoReturn


def restrict(limit: int, soft: int, hard: int) -> None:
    """Set a limit, never above what this process was given."""
    ceiling = resource.getrlimit(limit)[1]
    if ceiling != resource.RLIM_INFINITY:
        hard = ceiling if hard == resource.RLIM_INFINITY else min(hard, ceiling)
        soft = min(soft, ceiling)
    resource.setrlimit(limit, (soft, hard))


def end_group() -> NoReturn:
    """Kill the whole group: this process and everything it forked."""
    os.killpg(0, signal.SIGKILL)
    os._exit(1)


def arm_lifeline(fd: int) -> None:
    """Have the kernel SIGKILL this process group the moment the server's end of the pipe
    closes, however the server ends, and whatever this process is busy with.

    Chosen over PR_SET_PDEATHSIG, which ends with a thread rather than with a process, spares
    what the utility has forked, and needs ctypes (fcntl(2), "Managing signals")."""
    os.set_inheritable(fd, False)
    os.set_blocking(fd, False)
    fcntl.fcntl(fd, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
    try:
        os.read(fd, 1)  # b"": it closed before it was armed
    except BlockingIOError:
        return
    end_group()

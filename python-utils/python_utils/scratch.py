"""The folder in which workers start: their home and place for temporary files.

It goes with the server. One that was killed by SIGKILL leaves its folder, which a later server
removes: a lock on the folder, which the kernel drops with its owner, tells the two cases apart.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import time
from pathlib import Path

_PREFIX = "python-utils-"
_SETTLED = 60.0  # seconds; a younger folder may be about to be locked
_log = logging.getLogger("workers")


class Scratch:
    """A private, empty folder; OSError when there is no place for one."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix=_PREFIX)
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        _remove(self.path)
        os.close(self._lock)

    def remove_abandoned(self) -> None:
        """Remove what servers of this user left behind when they were killed."""
        for folder in Path(self.path).parent.glob(f"{_PREFIX}*"):
            try:
                status = folder.lstat()
                if status.st_uid != os.getuid() or time.time() - status.st_mtime < _SETTLED:
                    continue
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except OSError as error:  # gone meanwhile, or no folder
                _log.debug("%s is left alone: %s", folder, error.strerror)
                continue
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(str(folder))
            except BlockingIOError:
                pass  # its server lives
            finally:
                os.close(lock)


def _remove(path: str) -> None:
    try:
        shutil.rmtree(path)
    except OSError as error:
        _log.warning("%s cannot be removed: %s", path, error.strerror)

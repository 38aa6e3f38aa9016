"""The folder of the workers' homes, where they start and have their temporary files.

A home goes with its worker, the folder with the server. One that was killed by SIGKILL leaves its folder, which a later server
removes: a lock on the folder, which the kernel drops with its owner, tells the two cases apart.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

_PREFIX = "python-utils-"
_SETTLED = 60.0  # seconds; a younger folder may be about to be locked
_log = logging.getLogger("workers")


class Scratch:
    """A private, empty folder; OSError when there is no place for one. To be made before `confine`."""

    def __init__(self) -> None:
        self.path = tempfile.mkdtemp(prefix=_PREFIX)
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="scratch", daemon=True)
        self._keeper.start()

    def _keep(self) -> None:
        """A thread from before `confine`, which bounds no thread that runs already: afterwards nothing
        can be removed from the folder in which this one is. It runs nothing else."""
        self._remove_abandoned()
        self._ended.wait()
        remove_folder(self.path)

    def make_home(self) -> str:
        """A folder for one worker; OSError when there is no place for it."""
        return tempfile.mkdtemp(dir=self.path)

    def remove(self) -> None:
        """Remove all of it; nothing to do the second time."""
        if self._lock >= 0:
            self._ended.set()
            self._keeper.join()
            os.close(self._lock)
            self._lock = -1

    def _remove_abandoned(self) -> None:
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
                remove_folder(str(folder))
            except BlockingIOError:
                pass  # its server lives
            finally:
                os.close(lock)


def remove_folder(path: str) -> None:
    """Remove a folder with all that is in it; what cannot be removed is told in the log."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        pass  # somebody else removes it, or has
    except OSError as error:
        _log.warning("%s cannot be removed: %s", path, error.strerror)

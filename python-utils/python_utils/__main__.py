"""`python -m python_utils`: load and verify the release, then serve it."""

from __future__ import annotations

import asyncio
import logging

from . import log, options
from .confinement import confine
from .control import write_event
from .oom import OomOrder
from .release import Release, ReleaseError, Utility
from .scratch import Scratch
from .server import Server

_log = logging.getLogger("server")


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 once drained, 1 when the release cannot be served."""
    given = options.parse(arguments)
    log.configure(given.log_level, given.tenant)
    scratch = None
    try:
        scratch, oom = Scratch(), OomOrder()
        if given.confine:
            _confine(given, scratch.path)
        release = Release.load(given.release, given.environments)
        if release.tenant != given.tenant:
            raise ReleaseError(
                f"release {given.release} is of tenant {release.tenant}, not {given.tenant}"
            )
        retiring = _load_retiring(given, release)
        asyncio.run(_serve(given, release, retiring, scratch, oom))
    except (ReleaseError, OSError) as error:
        _log.critical("%s", error)
        if given.control:
            write_event(1, "failed", reason=str(error))
        return 1
    finally:
        if scratch:
            scratch.remove()
    return 0


def _confine(given: options.Options, scratch: str) -> None:
    """Before anything of the release is read, and before threads start that are to be bounded too."""
    releases = [given.release, *(old.folder for old in given.retiring)]
    readable = [str(folder.absolute()) for folder in [*releases, *given.environments.values()]]
    for sentence in confine(readable, [scratch]):
        _log.warning("utilities are not confined: %s", sentence)


async def _serve(
    given: options.Options, release: Release, retiring: dict[str, Utility], scratch: Scratch,
    oom: OomOrder,
) -> None:
    await Server(given, release, retiring, scratch, oom).run()


def _load_retiring(given: options.Options, release: Release) -> dict[str, Utility]:
    """The utilities that outlive their release for a while. Where a name is served already,
    by the release or a folder named earlier, that one stays."""
    retiring: dict[str, Utility] = {}
    for old in given.retiring:
        found = Release.load(old.folder, given.environments, only=old.names)
        if found.tenant != given.tenant:
            raise ReleaseError(f"release {old.folder} is of tenant {found.tenant}")
        for name, utility in found.utilities.items():
            if name in release.utilities:
                _log.warning("%s is in the release, and not served from %s", name, old.folder)
            else:
                retiring.setdefault(name, utility)
    return retiring


if __name__ == "__main__":
    raise SystemExit(main())

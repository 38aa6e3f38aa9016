"""`python -m python_utils`: load and verify the release, then serve it."""

from __future__ import annotations

import asyncio
import logging

from . import log, options
from .control import write_event
from .release import Release, ReleaseError, Utility
from .server import Server

_log = logging.getLogger("server")


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 0 once drained, 1 when the release cannot be served."""
    given = options.parse(arguments)
    log.configure(given.log_level, given.tenant)
    try:
        release = Release.load(given.release, given.environments)
        if release.tenant != given.tenant:
            raise ReleaseError(
                f"release {given.release} is of tenant {release.tenant}, not {given.tenant}"
            )
        asyncio.run(_serve(given, release, _load_retiring(given, release)))
    except (ReleaseError, OSError) as error:
        _log.critical("%s", error)
        if given.control:
            write_event(1, "failed", reason=str(error))
        return 1
    return 0


async def _serve(given: options.Options, release: Release, retiring: dict[str, Utility]) -> None:
    await Server(given, release, retiring).run()


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

"""Why a call has no result. Each is one row of the contract's table of failures."""

from __future__ import annotations


class CallError(Exception):
    """A call that ended without a result."""


class MalformedBody(CallError):
    """The body is not a JSON object."""


class UtilityRaised(CallError):
    """The utility, or the import of it, raised; the traceback is for the log alone."""

    def __init__(self, kind: str, message: str, traceback: str) -> None:
        super().__init__(f"{kind}: {message}" if message else kind)
        self.traceback = traceback


class TimedOut(CallError):
    """The call exceeded the utility's timeout and was killed."""


class Overloaded(CallError):
    """No worker was free in time; the call never started."""


class WorkerDied(CallError):
    """The process ended during the call. Unless `started`, the call had no effect."""

    def __init__(self, reason: str, started: bool) -> None:
        super().__init__(reason)
        self.started = started


class Cancelled(CallError):
    """An operator ended the call."""

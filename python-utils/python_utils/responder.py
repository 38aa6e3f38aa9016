"""From an HTTP request to an answer of one release: routes, bodies, and failures by status."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from . import envelope
from .journal import Journal
from .outcomes import (
    Cancelled, MalformedBody, Overloaded, TimedOut, UtilityRaised, WorkerDied,
)
from .release import Release, Utility
from .worker_text import sound
from .workers import WorkerPool

_RETRY_AFTER = "1"
_log = logging.getLogger("responder")


class BodyRefused(Exception):
    """The body was not read; `response` tells why."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


async def read_body(request: web.BaseRequest, limit: int, patience: float) -> bytes:
    """The whole body, or BodyRefused as soon as it is known to be too large, or when for `patience`
    seconds nothing more of it came."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BodyRefused(
            envelope.failure(415, "VALIDATION_ERROR", "Compressed bodies are not accepted")
        )
    too_large = envelope.failure(
        413, "PAYLOAD_TOO_LARGE", f"The body is larger than {limit} bytes"
    )
    if (request.content_length or 0) > limit:
        raise BodyRefused(too_large)
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun
    chunks, size = [], 0
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(patience) as alarm:
            async for chunk in request.content.iter_any():
                size += len(chunk)
                if size > limit:
                    raise BodyRefused(too_large)
                chunks.append(chunk)
                alarm.reschedule(clock() + patience)
    except TimeoutError:
        refusal = envelope.failure(408, "TIMEOUT", f"The body did not go on for {patience:g} s")
        refusal.force_close()
        raise BodyRefused(refusal) from None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


class BadUser(Exception):
    """The headers that name the caller are not understood."""


def caller(request: web.BaseRequest) -> tuple[int, str]:
    """Whose call it is, as the platform says: the headers `X-User-Id` and `X-User-Name`."""
    number, name = request.headers.get("X-User-Id", "0"), request.headers.get("X-User-Name", "")
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        raise BadUser("X-User-Id has to be a number")
    return int(number), sound(name)[:200]


@dataclass(slots=True, eq=False)
class _Call:
    """A call that runs."""

    user: int
    task: asyncio.Task[bytes]
    cancelled: bool = False


class Responder:
    """Answers requests from one release, and until `retire` from what a former one left."""

    def __init__(
        self, release: Release, retiring: dict[str, Utility], pool: WorkerPool, journal: Journal
    ) -> None:
        self._journal = journal
        self._running: set[_Call] = set()
        self._release = release
        self._retiring = retiring
        self._pool = pool
        self.draining = False

    @property
    def longest_timeout(self) -> float:
        served = [*self._release.utilities.values(), *self._retiring.values()]
        return max((utility.timeout for utility in served), default=0.0)

    def retire(self) -> None:
        """Serve nothing but the release from now on; calls in flight are answered."""
        for utility in self._retiring.values():
            self._pool.forget(utility)
        self._retiring = {}

    def cancel(self, user: int) -> int:
        """End a user's running calls; how many there were."""
        calls = [call for call in self._running if call.user == user and not call.cancelled]
        for call in calls:
            call.cancelled = True
            call.task.cancel()
        return len(calls)

    async def answer(self, request: web.BaseRequest, body: bytes) -> web.Response:
        name = request.path.removeprefix("/").removesuffix("/")
        utility = self._release.utilities.get(name) or self._retiring.get(name)
        if utility and request.method == "POST":
            return await self._call(utility, request, body)
        if request.path == "/healthz":
            if request.method in ("GET", "HEAD"):
                return self._health()
            return self._not_allowed("GET, HEAD", "/healthz is read with GET")
        if utility:
            return self._not_allowed("POST", f"Utility '{name}' is called with POST")
        return envelope.failure(404, "NOT_FOUND", f"Unknown utility '{name}'")

    def _not_allowed(self, allow: str, message: str) -> web.Response:
        return envelope.failure(405, "METHOD_NOT_ALLOWED", message, {"Allow": allow})

    def _health(self) -> web.Response:
        hashes = {name: utility.sha256 for name, utility in self._release.utilities.items()}
        status = "draining" if self.draining else "ok"
        body = {"status": status, "release": self._release.digest, "utilities": hashes}
        return envelope.plain(503 if self.draining else 200, body)

    async def _call(
        self, utility: Utility, request: web.BaseRequest, body: bytes
    ) -> web.Response:
        began = time.monotonic()
        try:
            user = caller(request)
        except BadUser as error:
            return envelope.failure(400, "VALIDATION_ERROR", str(error))
        printed: list[str] = []
        message, status, result = "", "failed", b""
        try:
            # No transport: the client has gone.
            result = await self._run(
                utility, user[0], body, printed, lambda: request.transport is not None
            )
            answer, status = envelope.success(result), "completed"
        except MalformedBody as error:
            message = f'The body has to be a JSON object {{"data", "filter"}}: {error}'
            answer = envelope.failure(400, "VALIDATION_ERROR", message)
        except UtilityRaised as error:
            message = f"Utility '{utility.name}' failed: {error}"
            answer = envelope.failure(500, str(error), message)
            _report(utility, message, traceback=error.traceback)
        except WorkerDied as error:
            message = f"Utility '{utility.name}' failed: its process {error}"
            answer = envelope.failure(500, "PROCESS_DIED", message)
            _report(utility, message)
        except TimedOut:
            message = f"Utility '{utility.name}' exceeded its timeout of {utility.timeout:g} s"
            answer = envelope.failure(504, "TIMEOUT", message)
            _report(utility, message)
        except Overloaded as error:
            message = f"Utility '{utility.name}' is overloaded: {error}"
            answer = envelope.failure(503, "OVERLOADED", message, {"Retry-After": _RETRY_AFTER})
            _report(utility, message)
        except Cancelled:
            message, status = "The call was ended by an operator", "cancelled"
            answer = envelope.failure(500, "CANCELLED", message)
            _report(utility, message)
        self._journal.add(
            utility.name, began=began, status=status, user=user, request=body, response=result,
            error=message, logs=printed,
        )
        if _log.isEnabledFor(logging.DEBUG):
            duration = round((time.monotonic() - began) * 1000, 3)
            fields = {"utility": utility.name, "status": answer.status, "duration_ms": duration}
            _log.debug("call of %s", utility.name, extra={"fields": fields})
        return answer

    async def _run(
        self, utility: Utility, user: int, body: bytes, printed: list[str],
        is_wanted: Callable[[], bool],
    ) -> bytes:
        """The result, or one of `outcomes`; can be ended by `cancel`."""
        task = asyncio.ensure_future(self._pool.call(utility, body, printed, is_wanted))
        call = _Call(user, task)
        self._running.add(call)
        try:
            return await task
        except asyncio.CancelledError:
            if call.cancelled:
                raise Cancelled from None
            raise
        finally:
            self._running.discard(call)


def _report(utility: Utility, message: str, **details: str) -> None:
    _log.warning("%s", message, extra={"fields": {"utility": utility.name, **details}})

"""The life of a server: load, ready, listening, draining, drained."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Coroutine

from aiohttp import web

from . import envelope
from .connections import Connections
from .control import Control
from .control_socket import ControlPort, ControlSocket
from .forward import Forwarder, ForwardFailed, NoSuccessor
from .journal import Journal
from .listener import Listener, bound, inherited
from .oom import OomOrder
from .options import Options
from .release import Release, Utility
from .responder import BodyRefused, Responder, read_body
from .scratch import Scratch
from .workers import WorkerPool

_DRAIN_TICK = 0.02  # seconds between two looks at what is still open
_TELLING = 1.0  # seconds between two events with calls
_PAGE = 500  # calls in one answer or event
_log = logging.getLogger("server")


class Server:
    """Serves one release until it is drained or its agent has gone.

    Never executes code of a utility itself.
    """

    def __init__(
        self, options: Options, release: Release, retiring: dict[str, Utility], scratch: Scratch,
        oom: OomOrder,
    ) -> None:
        shared = options.listen_fd is not None
        socket = inherited(options.listen_fd) if shared else bound(options.host, options.port)
        self._options = options
        self._release = release
        self._pool = WorkerPool(options.limits, scratch, oom)
        self._journal = Journal(options.journal, options.journal_payload)
        self._responder = Responder(release, retiring, self._pool, self._journal)
        self._connections = Connections(self._handle, options.keep_alive)
        self._drain_began: float | None = None
        self._forwarding = 0
        self._drained = asyncio.Event()
        self._control: Control | None = None
        self._listening = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = Listener(socket, self._connections, shared)
        self._forwarder = Forwarder(self._listener.address, self._listener.family)

    async def run(self) -> None:
        """Return once drained. OSError when the control channel cannot be opened."""
        loop = asyncio.get_running_loop()
        channel = self._control_socket()
        try:
            if self._options.control:
                self._control = await Control.over_stdio()
                self._start(self._obey(self._control))
                self._start(self._tell_executions())
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.drain)
            self._emit(
                "ready", release=self._release.digest, utilities=self._hashes(), pid=os.getpid()
            )
            if channel:
                await channel.open()
            if not self._control and not self._options.control_socket:
                self.listen()
            await self._drained.wait()
            await self._forwarder.close()
            if channel:
                await self._linger()
        finally:
            if channel:
                channel.close()
            self._pool.close()
        self._send_executions()
        self._emit("drained")

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """A server that no longer obeys or drains is of no use, and must not linger."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.critical("the server is broken", exc_info=error)
            self._pool.close()
            os._exit(1)

    def _emit(self, event: str, **fields: object) -> None:
        summary = {key: value for key, value in fields.items() if key != "utilities"}
        _log.info("%s", event, extra={"fields": summary})
        if self._control:
            self._control.emit(event, **fields)

    def _hashes(self) -> dict[str, str]:
        return {name: each.sha256 for name, each in self._release.utilities.items()}

    # Commands

    def _control_socket(self) -> ControlSocket | None:
        def calls(after: int) -> str:
            return self._journal.after(after, _PAGE)

        options, cancel = self._options, self._responder.cancel
        if options.control_port is not None:
            # A task is started and stopped by Swarm.
            return ControlPort(
                options.host, options.control_port, options.control_key, self._health,
                {"retire": self.retire}, calls, cancel,
            )
        if options.control_socket is None:
            return None
        commands = {"listen": self.listen, "drain": self.drain, "retire": self.retire}
        return ControlSocket(options.control_socket, self._health, commands, calls, cancel)

    # Calls for the agent

    async def _tell_executions(self) -> None:
        while True:
            await asyncio.sleep(_TELLING)
            self._send_executions()

    def _send_executions(self) -> None:
        """Write all calls as events. What the agent is told it has: it outlives no server."""
        while self._control and len(self._journal):
            page = json.loads(self._journal.after(0, _PAGE))
            self._control.emit("executions", **page)
            self._journal.after(page["last"], 0)

    async def _linger(self) -> None:
        """Wait for the agent to collect the last calls."""
        end = asyncio.get_running_loop().time() + self._options.journal_linger
        while len(self._journal) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(_DRAIN_TICK)

    def _health(self) -> dict[str, object]:
        status = "listening" if self._listening else "ready"
        if self._drain_began is not None:
            status = "draining"
        return {"status": status, "release": self._release.digest, "utilities": self._hashes()}

    async def _obey(self, control: Control) -> None:
        commands = {"listen": self.listen, "drain": self.drain, "retire": self.retire}
        async for order in control.commands():
            name = order["command"]
            if command := commands.get(name):
                command()
            elif name == "health":
                control.emit("health", release=self._release.digest, utilities=self._hashes())
            elif name == "ping":
                control.emit("pong")
            elif name == "cancel" and isinstance(user := order.get("user"), int):
                control.emit("cancelled", user=user, count=self._responder.cancel(user))
            else:
                control.emit("error", reason=f"unknown command {name!r}")
        _log.error("the agent has gone; ending at once")
        self._pool.close()
        os._exit(1)  # nothing may delay the end: not a handler, not a connection

    def listen(self) -> None:
        if self._drain_began is None:
            if not self._listening:
                self._listener.start()
            self._listening = True
            self._emit("listening", port=self._listener.address[1])

    def retire(self) -> None:
        self._responder.retire()
        self._emit("retired")

    def drain(self) -> None:
        """Stop accepting at once, and let what is open come to its end."""
        if self._drain_began is None:
            self._drain_began = asyncio.get_running_loop().time()
            self._listener.stop()
            self._responder.draining = True
            self._emit("draining")
            self._start(self._finish_drain())

    async def _finish_drain(self) -> None:
        loop = asyncio.get_running_loop()
        bound_to = loop.time() + self._responder.longest_timeout + self._options.grace
        while self._connections.open or self._connections.requests or self._listener.pending:
            if loop.time() > bound_to and not self._forwarding:
                _log.error("ending with %d connections open", len(self._connections.open))
                break
            # Each connection has that long since the drain began, or since its last request.
            idle_since = loop.time() - self._options.drain_idle
            if idle_since >= self._drain_began:
                self._connections.close_idle(idle_since)
            await asyncio.sleep(_DRAIN_TICK)
        self._drained.set()

    # Requests

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            response = await self._respond(request)
        except Exception as error:
            if request.transport is None:
                _log.info("the client of %s has gone: %s", request.path, error)
            else:
                _log.exception("%s %s failed", request.method, request.path)
            response = envelope.failure(500, "INTERNAL_ERROR", "The server failed; see its log")
        if self._drain_began is not None:
            response.force_close()
        return response

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await read_body(
                request, self._options.body_limit, self._options.read_timeout
            )
        except BodyRefused as refusal:
            return refusal.response
        if self._drain_began is None:
            return await self._responder.answer(request, body)
        self._forwarding += 1
        try:
            return await self._forwarder.forward(request, body)
        except NoSuccessor as absence:
            _log.info("answering from the old release: %s", absence)
        except ForwardFailed as error:
            _log.error("%s %s was not forwarded: %s", request.method, request.path, error)
            return envelope.failure(502, "NETWORK_ERROR", "The new release gave no answer")
        finally:
            self._forwarding -= 1
        return await self._responder.answer(request, body)

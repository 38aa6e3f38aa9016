"""The agent's line to a server in a container: HTTP on a unix socket of a folder that both see, or, to a
task of a Swarm, on a port for which the agent has a key.

    GET  /healthz                 what is loaded, and `status`: ready, listening, draining
    POST /listen, /drain, /retire as the commands on stdin; the answer is the new /healthz
    POST /cancel?user=N           ends that user's calls; `{"cancelled": how many}`
    GET  /executions?after=N      calls that have ended, in order; those up to N have been kept

Nothing is lost when the agent goes away: the next one connects to the same socket.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from . import envelope

_log = logging.getLogger("control")


class ControlSocket:
    """Serves `commands` and `health` until `close`."""

    def __init__(
        self, path: Path, health: Callable[[], dict[str, object]],
        commands: dict[str, Callable[[], None]], executions: Callable[[int], str],
        cancel: Callable[[int], int],
    ) -> None:
        self._executions = executions
        self._cancel = cancel
        self._path = path
        self._health = health
        self._commands = commands
        self._server: asyncio.AbstractServer | None = None

    async def open(self) -> None:
        """Accept the agent; OSError where the socket cannot be made."""
        loop = asyncio.get_running_loop()
        handler = web.Server(self._answer, access_log=None)
        self._server = await loop.create_unix_server(handler, path=str(self._path))
        # Who may reach the folder may connect: that is the agent, whose user is not known here.
        os.chmod(self._path, 0o666)

    def close(self) -> None:
        if self._server:
            self._server.close()

    def _is_allowed(self, request: web.BaseRequest) -> bool:
        return not _is_from_within(request)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if not self._is_allowed(request):
            _log.warning("a caller without the right to it was refused at the control channel")
            return envelope.plain(403, {"error": "FORBIDDEN"})
        name = request.path.removeprefix("/")
        if request.method == "GET" and name == "healthz":
            return envelope.plain(200, self._health())
        try:
            if request.method == "GET" and name == "executions":
                text = self._executions(int(request.query.get("after", "0")))
                return web.Response(text=text, content_type="application/json")
            if request.method == "POST" and name == "cancel":
                count = self._cancel(int(request.query["user"]))
                return envelope.plain(200, {"cancelled": count})
        except (KeyError, ValueError):
            return envelope.plain(400, {"error": "VALIDATION_ERROR"})
        if request.method == "POST" and (command := self._commands.get(name)):
            command()
            return envelope.plain(200, self._health())
        return envelope.plain(404, {"error": "NOT_FOUND"})


class ControlPort(ControlSocket):
    """The same on a port of the tenant's network, for who knows the key.

    The server knows the key's digest alone, so that nothing of the container tells it to a utility.
    """

    def __init__(
        self, host: str, port: int, digest: str, health: Callable[[], dict[str, object]],
        commands: dict[str, Callable[[], None]], executions: Callable[[int], str],
        cancel: Callable[[int], int],
    ) -> None:
        super().__init__(Path(), health, commands, executions, cancel)
        self._place = (host, port)
        self._digest = digest

    async def open(self) -> None:
        """Accept the agent; OSError where the port cannot be had."""
        loop = asyncio.get_running_loop()
        handler = web.Server(self._answer, access_log=None)
        self._server = await loop.create_server(handler, *self._place)

    def _is_allowed(self, request: web.BaseRequest) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(hashlib.sha256(given.encode()).hexdigest(), self._digest)


def _is_from_within(request: web.BaseRequest) -> bool:
    """Whether the peer is a process of this container. To its first process, what is outside of
    its pid namespace has no number (unix(7), SO_PEERCRED); all that is inside belongs to utilities."""
    connection = request.transport and request.transport.get_extra_info("socket")
    if connection is None:
        return True
    credentials = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    return os.getpid() == 1 and struct.unpack("3i", credentials)[0] != 0

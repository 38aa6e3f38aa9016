"""The open client connections, and which of them are idle: what a drain has to know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from . import envelope

_LINGER = 5.0  # seconds of reading on after an early answer such as 413
_SETTLING = 0.1  # seconds in which received bytes reach their handler for certain
_log = logging.getLogger("connections")


class Connection(web.RequestHandler):
    """aiohttp's connection, which also knows when it last received bytes."""

    def __init__(self, connections: Connections, server: web.Server, **settings: object) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **settings)
        self.connections = connections
        self.requests = 0
        self.received_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.received_at = asyncio.get_running_loop().time()
        self.connections.open.add(self)

    def data_received(self, data: bytes) -> None:
        self.received_at = asyncio.get_running_loop().time()
        super().data_received(data)

    def connection_lost(self, error: BaseException | None) -> None:
        self.connections.open.discard(self)
        super().connection_lost(error)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP with the envelope; it is no error of ours, and logged as such."""
        if status != 400:
            return super().handle_error(request, status, exc, message)
        _log.info("malformed request: %s", message)
        response = envelope.failure(400, "VALIDATION_ERROR", "The request is not valid HTTP")
        response.force_close()
        return response


class Connections:
    """A factory of connections that call `handler` for each request."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        keep_alive: float,
    ) -> None:
        self.open: set[Connection] = set()
        self.requests = 0
        self._handler = handler
        self._server = web.Server(self._handle)
        self._settings = {
            "access_log": None,
            "keepalive_timeout": keep_alive,
            "lingering_time": _LINGER,
            "auto_decompress": False,
        }

    def __call__(self) -> Connection:
        return Connection(self, self._server, **self._settings)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        connection.requests += 1
        self.requests += 1
        try:
            return await self._handler(request)
        finally:
            connection.received_at = asyncio.get_running_loop().time()
            connection.requests -= 1
            self.requests -= 1

    def close_idle(self, older_than: float) -> None:
        """Close connections without a request since that time of the loop's clock."""
        older_than = min(older_than, asyncio.get_running_loop().time() - _SETTLING)
        for connection in list(self.open):
            if not connection.requests and connection.received_at < older_than:
                connection.force_close()

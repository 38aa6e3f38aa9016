"""Hands requests on old connections to the server that has taken over.

The client of a keep-alive connection must see the new release from the switch on, as if it had
connected anew. Its request is therefore sent, as it came, to the address on which this server
used to listen.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp import ClientSession

# RFC 9110, section 7.6.1; the body is complete here, hence the length is set anew.
_HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    "expect", "content-length",
})
_PROBE_TIMEOUT = 2.0
_PROBE_AGAIN = 1.0
_LONGEST_CALL = 3700.0  # the contract's longest timeout, and the time to answer
_log = logging.getLogger("forward")


class NoSuccessor(Exception):
    """Nobody has taken over: the request has reached no server."""


class ForwardFailed(Exception):
    """The successor's answer is unknown; it may have executed the request."""


class Forwarder:
    """Sends requests to the successor at `address`, each on a connection of its own."""

    def __init__(self, address: tuple, family: socket.AddressFamily) -> None:
        host, port = address[:2]
        literal = f"[{host}]" if family == socket.AF_INET6 else host
        self._base = f"http://{literal}:{port}"
        self._session: ClientSession | None = None
        self._confirmed = False
        self._probing: asyncio.Lock = asyncio.Lock()
        self._absent_until = 0.0

    async def forward(self, request: web.BaseRequest, body: bytes) -> web.Response:
        """The successor's answer, for one request whose body is read already."""
        from aiohttp import ClientConnectorError, ClientError
        from yarl import URL

        await self._confirm()
        headers = [
            (name, value) for name, value in request.headers.items()
            if name.lower() not in _HOP_BY_HOP
        ]
        url = URL(self._base + request.raw_path, encoded=True)
        try:
            async with self._client().request(
                request.method, url, headers=headers, data=body or None, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except ClientConnectorError as error:
            raise NoSuccessor(str(error)) from error
        except (ClientError, TimeoutError) as error:
            raise ForwardFailed(f"{type(error).__name__}: {error}") from error
        relayed = [
            (name, value) for name, value in answer.headers.items()
            if name.lower() not in _HOP_BY_HOP
        ]
        return web.Response(
            status=answer.status, reason=answer.reason, headers=relayed, body=content
        )

    async def _confirm(self) -> None:
        """Make sure, once, that somebody answers there. As long as the agent holds the socket
        a connection succeeds even when no server accepts it, and would wait for ever."""
        from aiohttp import ClientError, ClientTimeout

        loop = asyncio.get_running_loop()
        async with self._probing:
            if self._confirmed:
                return
            if loop.time() < self._absent_until:
                raise NoSuccessor("no server has taken over")
            try:
                limit = ClientTimeout(total=_PROBE_TIMEOUT)
                async with self._client().get(self._base + "/healthz", timeout=limit) as answer:
                    await answer.read()
            except (ClientError, TimeoutError) as error:
                self._absent_until = loop.time() + _PROBE_AGAIN
                raise NoSuccessor(f"{type(error).__name__}: {error}") from error
            self._confirmed = True

    def _client(self) -> ClientSession:
        if self._session is None:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

            self._session = ClientSession(
                connector=TCPConnector(force_close=True, limit=0),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=_LONGEST_CALL),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._session

    async def close(self) -> None:
        if self._session:
            await self._session.close()

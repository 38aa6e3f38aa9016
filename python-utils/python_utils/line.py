"""Passes requests on from a unix socket, which the agent sees, to servers of the tenant's network.

    GET /10.0.1.5:8111/executions?after=0   is asked of 10.0.1.5:8111 as GET /executions?after=0

The agent's machine is in no overlay network, and tasks run on any machine; a container on the agent's own
is in both worlds. It knows no secret: the `Authorization` of each request is the agent's.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import signal
import sys

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from . import envelope

_PATIENCE = ClientTimeout(total=8, connect=2)
_log = logging.getLogger("line")


def target(path: str) -> tuple[str, str] | None:
    """`10.0.1.5:8111` and `/healthz` of `/10.0.1.5:8111/healthz`; None where it names no address."""
    place, _, rest = path.removeprefix("/").partition("/")
    host, _, port = place.rpartition(":")
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return None
    return (place, f"/{rest}") if port.isascii() and port.isdigit() else None


async def _pass_on(session: ClientSession, request: web.BaseRequest) -> web.StreamResponse:
    found = target(request.path)
    if found is None:
        return envelope.plain(404, {"error": "NOT_FOUND"})
    place, path = found
    query = f"?{request.query_string}" if request.query_string else ""
    headers = {"Authorization": request.headers.get("Authorization", "")}
    try:
        async with session.request(
            request.method, f"http://{place}{path}{query}", headers=headers, allow_redirects=False
        ) as answer:
            return web.Response(
                status=answer.status, body=await answer.read(), content_type=answer.content_type
            )
    except (ClientError, asyncio.TimeoutError, OSError) as error:
        return envelope.plain(502, {"error": "NETWORK_ERROR", "reason": str(error)})


async def _serve(path: str) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with ClientSession(timeout=_PATIENCE, trust_env=False) as session:
        handler = web.Server(lambda request: _pass_on(session, request), access_log=None)
        server = await asyncio.get_running_loop().create_unix_server(handler, path=path)
        # Who may reach the folder may connect: that is the agent, whose user is not known here.
        os.chmod(path, 0o666)
        await ended.wait()
        server.close()


def main() -> int:
    """Serve the socket that the one argument names until SIGTERM."""
    if len(sys.argv) != 2:
        print("usage: line.py SOCKET", file=sys.stderr)
        return 2
    asyncio.run(_serve(sys.argv[1]))
    return 0

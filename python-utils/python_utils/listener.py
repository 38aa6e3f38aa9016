"""Accepts connections from a listening socket that other processes share.

asyncio's own server is not used because it calls `listen()` again, which resets the agent's
backlog, and does not show how many accepted connections it has yet to hand over.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable

_BATCH = 64  # connections in one turn of the loop
_PAUSE = 0.1  # seconds to wait when descriptors or memory ran out
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_log = logging.getLogger("listener")


def inherited(fd: int) -> socket.socket:
    """The agent's listening socket; no process started from here inherits it further."""
    listener = socket.socket(fileno=fd)
    if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise OSError(f"descriptor {fd} is not a listening socket")
    listener.set_inheritable(False)
    listener.setblocking(False)
    return listener


def bound(host: str, port: int) -> socket.socket:
    """A socket of our own, which the next server can join at the same address. It has no
    connections before `listen`."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.setblocking(False)
    listener.bind(address)
    return listener


class Listener:
    """Hands each connection to a new protocol of `factory` between `start` and `stop`."""

    def __init__(
        self, listener: socket.socket, factory: Callable[[], asyncio.Protocol], shared: bool
    ) -> None:
        self.address = listener.getsockname()
        self.family = listener.family
        self._socket = listener
        self._factory = factory
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._adopting: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        """Connections that are accepted and not yet the factory's."""
        return len(self._adopting)

    def start(self) -> None:
        if not self._shared:
            self._socket.listen(4096)
        self._loop.add_reader(self._socket, self._accept)

    def stop(self) -> None:
        """Accept no more. Only our descriptor closes: `shutdown` would end the socket, and
        with it the queue, for every process that shares it. A queue of our own is emptied
        first, because closing would reset what waits in it."""
        if self._socket.fileno() < 0:
            return
        listening = self._loop.remove_reader(self._socket)
        while listening and not self._shared and self._accept_one():
            pass
        self._socket.close()

    def _accept(self) -> None:
        for _ in range(_BATCH):
            if not self._accept_one():
                return

    def _accept_one(self) -> bool:
        try:
            connection, _ = self._socket.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except ConnectionAbortedError:
            return True
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                raise
            _log.error("cannot accept connections: %s", error.strerror)
            self._loop.remove_reader(self._socket)
            self._loop.call_later(_PAUSE, self._resume)
            return False
        connection.setblocking(False)
        task = self._loop.create_task(self._adopt(connection))
        self._adopting.add(task)
        task.add_done_callback(self._adopting.discard)
        return True

    def _resume(self) -> None:
        if self._socket.fileno() >= 0:
            self._loop.add_reader(self._socket, self._accept)

    async def _adopt(self, connection: socket.socket) -> None:
        await self._loop.connect_accepted_socket(self._factory, connection)

"""The server's end of one worker process: start it, hand it calls, and end it for certain."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .oom import OomOrder
from .options import Limits
from .outcomes import MalformedBody, TimedOut, UtilityRaised, WorkerDied
from .release import Utility
from .scratch import Scratch, remove_folder
from .worker_channel import (
    CALL,
    FAILED,
    HEADER,
    LOAD,
    LOADED,
    MALFORMED,
    RESULT,
    RETIRE,
    STARTED,
)

_SCRIPT = str(Path(__file__).with_name("worker.py"))
_CLOSING_TIME = 0.2  # seconds between the ends of a process and of its socket, at most
_MARGIN = 2**16  # a frame may exceed the result limit by an error report
_log = logging.getLogger("worker")


class WorkerProcess(asyncio.Protocol):
    """One child and its channel: `spawn`, `load`, then any number of `call`s, one at a time.

    `on_exit` is called once, when the process has been reaped. All state belongs to the loop.
    """

    def __init__(
        self, utility: Utility, limits: Limits, scratch: Scratch, oom: OomOrder,
        on_exit: Callable[[WorkerProcess], None],
    ) -> None:
        self.utility = utility
        self.alive = True
        self.fit = True
        self.idle_since = 0.0
        self.pid = 0
        self._limits = limits
        self._scratch = scratch
        self._oom = oom
        self._home: str | None = None
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._transport: asyncio.Transport | None = None
        self._pidfd = self._lifeline = self._output = -1
        self._buffer = bytearray()
        self._call = 0
        self._call_started = False
        self._pending: asyncio.Future[tuple[int, bytes]] | None = None
        self._reason: str | None = None
        self._printed: list[str] | None = None

    def spawn(self) -> None:
        """Start the process; OSError when the machine has no room for it."""
        self._socket, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        try:
            self._output = os.memfd_create("output")
            # Appending, so that what is read can be cut off under the writer.
            fcntl.fcntl(self._output, fcntl.F_SETFL, os.O_APPEND)
            self._home = self._scratch.make_home()
            with self._oom.child_first():
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-B", _SCRIPT, str(lifeline)],
                    stdin=theirs,
                    stdout=self._output,
                    stderr=self._output,
                    pass_fds=(lifeline,),
                    cwd=self._home,
                    env={
                        "PATH": "/usr/local/bin:/usr/bin:/bin",
                        "LANG": "C.UTF-8",
                        "HOME": self._home,
                        "TMPDIR": self._home,
                        # Else each thread takes 64 MiB of the address space that RLIMIT_AS counts.
                        "MALLOC_ARENA_MAX": "1",
                    },
                    start_new_session=True,
                )
            self.pid = self._process.pid
            self._pidfd = os.pidfd_open(self.pid)
            self._loop.add_reader(self._pidfd, self._exited)
        except OSError:
            self.kill("could not be started")
            self.wait()
            self._close()
            raise
        finally:
            theirs.close()
            os.close(lifeline)

    async def load(self, printed: list[str]) -> None:
        """Run the utility's module in the new process; raises what `call` raises."""
        self._printed = printed
        self._socket.setblocking(False)
        await self._loop.create_unix_connection(lambda: self, sock=self._socket)
        await self._exchange(LOAD, 0, self._order(), self.utility.timeout)

    def _order(self) -> bytes:
        """The LOAD frame: limits, and the bytes that the release was verified with."""
        files = {self.utility.file: self.utility.source, **self.utility.modules}
        header = {
            "name": self.utility.name,
            "file": self.utility.file,
            "timeout": self.utility.timeout,
            "memory": self._limits.memory,
            "open_files": self._limits.open_files,
            "file_size": self._limits.file_size,
            "output": self._limits.output,
            "max_result": self._limits.result,
            "packages": self.utility.packages,
            "files": [(path, len(source)) for path, source in files.items()],
        }
        encoded = json.dumps(header).encode()
        return b"".join([struct.pack(">I", len(encoded)), encoded, *files.values()])

    async def call(self, body: bytes, printed: list[str]) -> bytes:
        """The result as JSON, or one of the outcomes that are raised; what the call prints is
        added to `printed`."""
        self._printed = printed
        self._call = (self._call + 1) % 2**32 or 1
        return await self._exchange(CALL, self._call, body, self.utility.timeout)

    async def _exchange(self, kind: int, call: int, payload: bytes, timeout: float) -> bytes:
        if not self.alive:
            raise WorkerDied(self._reason or "has ended", started=False)
        pending = self._pending = self._loop.create_future()
        self._call_started = False
        self._transport.write(HEADER.pack(kind, 0, call, len(payload)))
        self._transport.write(payload)
        clock = self._loop.call_later(timeout, self._time_out)
        try:
            kind, answer = await pending
        finally:
            clock.cancel()
            self._pending = None
            if pending.cancelled():
                self.kill("the call was abandoned")
            self._log_output()
        if kind == FAILED:
            report = json.loads(answer)
            raise UtilityRaised(report["type"], report["message"], report["traceback"])
        if kind == MALFORMED:
            raise MalformedBody(answer.decode())
        return answer

    def _time_out(self) -> None:
        if self._pending and not self._pending.done():
            self._pending.set_exception(TimedOut(f"no answer in {self.utility.timeout:g} s"))
        self.kill("timed out")

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self.alive and len(self._buffer) >= HEADER.size:
            kind, flags, call, length = HEADER.unpack_from(self._buffer)
            expected = self._pending and not self._pending.done() and call == self._call
            if not expected or kind not in (LOADED, STARTED, RESULT, FAILED, MALFORMED) or (
                length > self._limits.result + _MARGIN
            ):
                return self.kill("wrote garbage to its private channel")
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(memoryview(self._buffer)[HEADER.size : end])
            del self._buffer[:end]
            if kind == STARTED:
                self._call_started = True
                continue
            self.fit = not flags & RETIRE
            self._pending.set_result((kind, payload))

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self.alive = False
        if self._process is None:
            self._fail_pending()
        else:  # usually the first sign of a crash, whose cause is known in a moment
            self._loop.call_later(_CLOSING_TIME, self.kill, "closed its private channel")

    # The end

    def kill(self, reason: str) -> None:
        """End the process and its group now; harmless when it has ended already."""
        self.alive = False
        self._reason = self._reason or reason
        if self._process:  # not reaped: the number cannot have been given to another process
            os.killpg(self.pid, signal.SIGKILL)
        elif not self.pid:
            self._close()  # never came to life

    def _exited(self) -> None:
        """The process has ended: reap it, and tell the caller once its last bytes are read."""
        process, self._process = self._process, None
        os.killpg(self.pid, signal.SIGKILL)  # what it forked; the zombie still holds the number
        status = process.wait()
        self._reason = self._reason or _describe_status(status)
        self.alive = False
        self._loop.remove_reader(self._pidfd)
        if self._transport is None:
            self._fail_pending()
        else:  # a descendant outside the group may keep the socket open
            self._loop.call_later(_CLOSING_TIME, self._fail_pending)
        self._on_exit(self)

    def _fail_pending(self) -> None:
        if self._pending and not self._pending.done():
            reason = self._reason or "has ended"
            self._pending.set_exception(WorkerDied(reason, self._call_started))
        self._close()

    def _close(self) -> None:
        self._log_output()
        if self._transport:
            self._transport.abort()
        elif self._socket:
            self._socket.close()
        for name in ("_pidfd", "_lifeline", "_output"):
            if (fd := getattr(self, name)) >= 0:
                os.close(fd)
                setattr(self, name, -1)
        if self._home:
            # Of any size: the loop does not wait for it.
            self._loop.run_in_executor(None, remove_folder, self._home)
            self._home = None

    def wait(self) -> None:
        """Block until a killed process has gone, and reap it; for the server's own end."""
        if self._process:
            if self._pidfd >= 0:
                self._loop.remove_reader(self._pidfd)
            self._process.wait()
            self._process = None

    def _log_output(self) -> None:
        """Move what the utility printed from the shared file to the log."""
        if self._output < 0 or not (size := os.fstat(self._output).st_size):
            return
        text = os.pread(self._output, self._limits.output, 0).decode("utf-8", "backslashreplace")
        os.ftruncate(self._output, 0)
        if self._printed is not None:
            self._printed.append(text)
        cut = size >= self._limits.output
        fields = {"utility": self.utility.name, "output": text, "truncated": cut}
        _log.info("output of utility %s", self.utility.name, extra={"fields": fields})


def _describe_status(status: int) -> str:
    if status >= 0:
        return f"exited with status {status}"
    return f"was killed by {signal.Signals(-status).name}"
